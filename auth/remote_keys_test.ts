import { ProblemError } from "@flotilla/runtime";
import { eventually, ManualClock } from "@flotilla/runtime/testing";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { createRemoteKeys, type RemoteKeysOptions } from "./remote_keys.ts";
import { makeKey, type TestKey } from "./testdata/token_fixture.ts";

const ORIGIN = "http://auth.internal";

/** An auth service that publishes what the test says. */
function setUp(options: Partial<RemoteKeysOptions> = {}) {
  const clock = new ManualClock();
  const requests: Request[] = [];
  const service = {
    keys: [] as unknown[],
    answer: () =>
      Response.json({ keys: service.keys }, { headers: { "cache-control": "public, max-age=60" } }),
  };
  const remote = createRemoteKeys({
    fetch(request) {
      requests.push(request);
      return Promise.resolve().then(() => service.answer());
    },
    origin: ORIGIN,
    clock,
    ...options,
  });
  const publish = (...keys: readonly TestKey[]) => service.keys = keys.map(({ published }) => published);
  return { clock, requests, service, remote, publish };
}

Deno.test("createRemoteKeys() fetches the keys once, for however many that ask at once", async () => {
  const { remote, requests, publish } = setUp();
  publish(await makeKey("a"));
  const found = await Promise.all([remote.find("a"), remote.find("a"), remote.ready()]);
  assertEquals(found[0] instanceof CryptoKey, true);
  assertEquals([remote.get("a"), found[1]], [found[0], found[0]]);
  assertEquals(requests.map(({ url }) => url), [`${ORIGIN}/auth/.well-known/jwks.json`]);
});

Deno.test("createRemoteKeys() fetches again in the background when max-age is over", async () => {
  const { remote, requests, publish, clock } = setUp();
  const [a, b] = [await makeKey("a"), await makeKey("b")];
  publish(a);
  await remote.ready();
  publish(b);
  clock.jump(59_000);
  remote.get("a");
  assertEquals(requests.length, 1);
  clock.jump(1_000);
  assertEquals(remote.get("a") === undefined, false, "What is at hand serves until there is better");
  await eventually(() => remote.get("b") !== undefined, { what: "the new key" });
  assertEquals([requests.length, remote.get("a")], [2, undefined]);
});

Deno.test("createRemoteKeys() fetches at once for an unknown key, but not for each forged one", async () => {
  const { remote, requests, publish, clock } = setUp();
  publish(await makeKey("a"));
  await remote.ready();
  clock.jump(10_000);
  publish(await makeKey("a"), await makeKey("b"));
  assertEquals(await remote.find("b") === undefined, false);
  for (let i = 0; i < 100; i++) assertEquals(await remote.find(`forged-${i}`), undefined);
  assertEquals(requests.length, 2);
  clock.jump(10_000);
  await remote.find("forged");
  assertEquals(requests.length, 3);
});

Deno.test("createRemoteKeys() goes on with what it has while the auth service is away", async () => {
  const { remote, service, publish, clock, requests } = setUp();
  publish(await makeKey("a"));
  await remote.ready();
  const broken: (() => Response)[] = [
    () => {
      throw new TypeError("connection refused");
    },
    () => new Response("busy", { status: 503 }),
    () => new Response("<html>"),
    () => Response.json({ keys: [] }),
    () => new Response(" ".repeat(70_000)),
  ];
  for (const [index, answer] of broken.entries()) {
    service.answer = answer;
    clock.jump(60_000);
    remote.get("a");
    await clock.advance(0);
    await clock.advance(0);
    assertEquals([requests.length, remote.get("a") === undefined], [index + 2, false]);
  }
});

Deno.test("createRemoteKeys() answers 503 as long as there are no keys, and tries soon again", async () => {
  const { remote, service, publish, clock } = setUp();
  const answer = service.answer;
  service.answer = () => new Response(null, { status: 502 });
  const error = await assertRejects(() => remote.find("a"), ProblemError);
  assertEquals([error.status, error.headers.get("retry-after")], [503, "1"]);
  await assertRejects(() => remote.ready(), ProblemError);
  service.answer = answer;
  publish(await makeKey("a"));
  clock.jump(250);
  await remote.ready();
});

Deno.test("createRemoteKeys() gives up on a fetch that hangs", async () => {
  const clock = new ManualClock();
  let signal: AbortSignal | undefined;
  const remote = createRemoteKeys({
    fetch(request) {
      signal = request.signal;
      return new Promise(() => {});
    },
    origin: ORIGIN,
    clock,
  });
  const refused = assertRejects(() => remote.ready(), ProblemError);
  await clock.advance(3_000);
  await refused;
  assertEquals([signal?.aborted, clock.pending], [true, 0]);
});

Deno.test("createRemoteKeys() passes over keys of other kinds and uses", async () => {
  const { remote, service } = setUp();
  const { published } = await makeKey("good");
  service.keys = [
    { ...published, kid: "enc", use: "enc" },
    { ...published, kid: "rs", alg: "RS256" },
    { kty: "oct", k: "c2VjcmV0", kid: "oct", alg: "HS256" },
    { ...published, kid: undefined },
    "nonsense",
    published,
  ];
  await remote.ready();
  for (const kid of ["enc", "rs", "oct"]) assertEquals(remote.get(kid), undefined);
  assertEquals(remote.get("good") === undefined, false);
});

Deno.test("createRemoteKeys() refuses a time that is not more than 0", () => {
  assertThrows(() => setUp({ maxAge: 0 }), RangeError, "maxAge must be more than 0, got 0");
});
