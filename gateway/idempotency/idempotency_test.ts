import type { Fetcher } from "../forward.ts";
import { ManualClock } from "@flotilla/runtime/testing";
import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { fixture, json } from "../testdata/fixture.ts";
import { idempotencyKey } from "./idempotency_key.ts";
import { createIdempotencyStore } from "./idempotency_store.ts";

/** A data service in memory, which can be told to fail after it has written. */
class FakeService {
  readonly records = new Map<string, unknown>();
  posts = 0;
  /** Called after each write and before its answer. */
  afterWrite = (): Promise<void> => Promise.resolve();
  readonly fetch: Fetcher = async (request) => {
    const { pathname } = new URL(request.url);
    if (request.method === "GET") return this.#answer(pathname.slice("/data/".length), 200);
    this.posts++;
    const { id, value } = await request.json();
    if (this.records.has(id)) return new Response("exists", { status: 409 });
    this.records.set(id, value);
    await this.afterWrite();
    return this.#answer(id, 201);
  };

  #answer(id: string, status: number): Response {
    if (!this.records.has(id)) return new Response("none", { status: 404 });
    const headers = { etag: '"1"', location: `/data/${id}` };
    return Response.json({ data: { id, value: this.records.get(id) } }, { status, headers });
  }
}

async function setUp(options: { kv?: Deno.Kv; clock?: ManualClock; service?: FakeService } = {}) {
  const kv = options.kv ?? await Deno.openKv(":memory:");
  const { clock = new ManualClock(), service = new FakeService() } = options;
  const { call } = fixture({
    inner: service.fetch,
    unread: true,
    clock,
    idempotency: createIdempotencyStore(kv, { clock }),
  });
  const post = (key: string, value: unknown, user = "ann") =>
    call("/data", json("POST", value, { "idempotency-key": key }), user);
  return { kv, clock, service, post, [Symbol.dispose]: () => kv.close() };
}

Deno.test("createGateway() answers a repeated POST as the first one, through any gateway, and does it once", async () => {
  using one = await setUp();
  const other = await setUp({ ...one });
  const first = await one.post('"k-1"', { value: 1 });
  const second = await other.post("k-1", { value: 1 });
  assertEquals([first.status, second.status, one.service.posts], [201, 201, 1]);
  assertEquals(await second.text(), await first.text());
  for (const name of ["etag", "location", "content-type"]) {
    assertEquals(second.headers.get(name), first.headers.get(name), name);
  }
  assertEquals(first.headers.get("idempotency-replayed"), null);
  assertEquals(second.headers.get("idempotency-replayed"), "true");
});

Deno.test("createGateway() answers 422 for a key that was used with other content", async () => {
  using gateway = await setUp();
  await (await gateway.post("k-1", { value: 1 })).body?.cancel();
  const response = await gateway.post("k-1", { value: 2 });
  await response.body?.cancel();
  assertEquals([response.status, gateway.service.posts], [422, 1]);
});

Deno.test("createGateway() answers 409 with Retry-After while the first request with the key runs", async () => {
  using gateway = await setUp();
  const [begun, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  gateway.service.afterWrite = () => {
    begun.resolve();
    return end.promise;
  };
  const first = gateway.post("k-1", { value: 1 });
  await begun.promise;
  const second = await gateway.post("k-1", { value: 1 });
  await second.body?.cancel();
  assertEquals([second.status, second.headers.get("retry-after")], [409, "1"]);
  end.resolve();
  assertEquals((await first).status, 201);
  await (await first).body?.cancel();
});

Deno.test("createGateway() takes the same key of two callers as two", async () => {
  using gateway = await setUp();
  const ids = [];
  for (const user of ["ann", "bob"]) {
    ids.push((await (await gateway.post("k-1", { value: 1 }, user)).json()).data.id);
  }
  assertNotEquals(ids[0], ids[1]);
});

Deno.test("createGateway() does a request once whose answer was lost", async () => {
  using gateway = await setUp();
  gateway.service.afterWrite = () => Promise.reject(new TypeError("The connection broke"));
  const lost = await gateway.post("k-1", { value: 1 });
  await lost.body?.cancel();
  assertEquals(lost.status, 502);
  const again = await gateway.post("k-1", { value: 1 });
  const { data } = await again.json();
  assertEquals([again.status, gateway.service.records.size], [201, 1]);
  assertEquals(again.headers.get("location"), `/data/${data.id}`);
  const third = await gateway.post("k-1", { value: 1 });
  assertEquals((await third.json()).data.id, data.id);
  assertEquals(third.headers.get("idempotency-replayed"), "true");
});

Deno.test("createGateway() does a request once whose gateway died in the middle, after its time", async () => {
  using dead = await setUp();
  dead.service.afterWrite = () => new Promise(() => {});
  void dead.post("k-1", { value: 1 });
  while (dead.service.records.size === 0) await dead.clock.advance(0);
  const service = new FakeService();
  for (const [id, value] of dead.service.records) service.records.set(id, value);
  const other = await setUp({ ...dead, service });
  const early = await other.post("k-1", { value: 1 });
  await early.body?.cancel();
  dead.clock.jump(30_000);
  const late = await other.post("k-1", { value: 1 });
  await late.body?.cancel();
  assertEquals([early.status, late.status, service.records.size], [409, 201, 1]);
});

Deno.test("createGateway() keeps refusals of the content, and forgets failures and refusals of the moment", async () => {
  for (
    const [status, kept] of [[422, true], [409, true], [403, false], [429, false], [500, false], [503, false]]
  ) {
    using kv = await Deno.openKv(":memory:");
    let calls = 0;
    const { call } = fixture({
      inner: () => {
        calls++;
        return Promise.resolve(new Response("no", { status: Number(status) }));
      },
      idempotency: createIdempotencyStore(kv),
    });
    for (let i = 0; i < 2; i++) {
      const response = await call(
        "/data",
        json("POST", { id: "a", value: 1 }, { "idempotency-key": "k" }),
        "ann",
      );
      await response.body?.cancel();
      assertEquals(response.status, status);
    }
    assertEquals(calls, kept ? 1 : 2, `${status}`);
  }
});

Deno.test("createGateway() repeats answers that are larger than an entry of the database", async () => {
  using gateway = await setUp();
  const value = "x".repeat(150_000);
  const first = await (await gateway.post("k-1", { value })).text();
  const second = await (await gateway.post("k-1", { value })).text();
  assert(first.length > 150_000);
  assertEquals(second, first);
});

Deno.test("createGateway() forgets a key when its time is over", async () => {
  using gateway = await setUp();
  await (await gateway.post("k-1", { value: 1 })).body?.cancel();
  gateway.clock.jump(86_400_000);
  const response = await gateway.post("k-1", { value: 2 });
  await response.body?.cancel();
  assertEquals([response.status, gateway.service.posts], [201, 2]);
});

Deno.test("createGateway() finishes a keyed request whose client has left, and has its answer when it comes back", async () => {
  using gateway = await setUp();
  const { call } = fixture({
    inner: gateway.service.fetch,
    unread: true,
    idempotency: createIdempotencyStore(gateway.kv, { clock: gateway.clock }),
  });
  const client = new AbortController();
  gateway.service.afterWrite = () => {
    client.abort();
    return Promise.resolve();
  };
  const init = json("POST", { value: 1 }, { "idempotency-key": "k-1" });
  await (await call("/data", { ...init, signal: client.signal }, "ann")).body?.cancel();
  const response = await call("/data", init, "ann");
  await response.body?.cancel();
  assertEquals(response.headers.get("idempotency-replayed"), "true");
});

Deno.test("createIdempotencyStore() lets one of many at once run", async () => {
  using kv = await Deno.openKv(":memory:");
  const stores = [createIdempotencyStore(kv), createIdempotencyStore(kv)];
  const request = { owner: "ann", key: "k", fingerprint: "f" };
  const begun = await Promise.all(Array.from({ length: 20 }, (_, i) => stores[i % 2]?.begin(request)));
  assertEquals(begun.filter((one) => one?.kind === "run").length, 1);
});

Deno.test("idempotencyKey() takes a quoted string and a plain word, and refuses what is neither", () => {
  const read = (text: string) => idempotencyKey(new Headers({ "idempotency-key": text }));
  assertEquals([read('"a \\"b\\""'), read("a-b"), idempotencyKey(new Headers())], [
    'a "b"',
    "a-b",
    undefined,
  ]);
  for (const text of ["", '""', "a b", '"a', "x".repeat(256)]) {
    assertThrows(() => read(text), Error, "Idempotency-Key");
  }
});
