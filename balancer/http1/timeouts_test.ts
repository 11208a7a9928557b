import { assertEquals, assertMatch } from "@std/assert";
import { ManualClock } from "@flotilla/runtime/testing";
import type { Queued } from "../attempt.ts";
import { testUpstream } from "./testing/fixed_source.ts";
import type { Peer } from "./testing/peer.ts";
import { ProxyFixture } from "./testing/proxy_fixture.ts";

const GET = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** A client whose first request was answered, so that both connections are kept. */
async function kept(proxy: ProxyFixture): Promise<{ client: Peer; upstream: Peer }> {
  const client = proxy.client();
  await client.say(GET);
  const upstream = await proxy.upstream();
  await upstream.head();
  await upstream.say(OK);
  await client.hear(/ok$/);
  return { client, upstream };
}

function kinds(proxy: ProxyFixture): string[] {
  return proxy.source.failures.map(({ kind }) => kind);
}

const timeouts = { connect: 1_000, firstByte: 2_000, idle: 3_000, total: Infinity };

Deno.test("ProxyConnection answers 408 to a head that comes too slowly", async () => {
  const clock = new ManualClock();
  await using proxy = new ProxyFixture({ clock, timeouts });
  const client = proxy.client();
  await client.say("GET / HT");
  await clock.advance(10_200);
  assertMatch(await client.rest(), /^HTTP\/1\.1 408 /);
  assertEquals(proxy.dials, 0);
});

Deno.test("ProxyConnection answers 408 to a body that comes too slowly", async () => {
  const clock = new ManualClock();
  await using proxy = new ProxyFixture({ clock, timeouts });
  const client = proxy.client();
  await client.say("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 20000\r\n\r\na");
  const upstream = await proxy.upstream();
  await upstream.hear(/a$/);
  for (let i = 0; i < 3; i++) {
    await clock.advance(1_500);
    await client.say("b");
    await upstream.hear(/b$/);
  }
  await clock.advance(3_200);
  assertMatch(await client.head(), /^HTTP\/1\.1 408 /);
  await upstream.rest();
});

Deno.test("ProxyConnection closes an idle connection", async () => {
  const clock = new ManualClock();
  await using proxy = new ProxyFixture({ clock, timeouts });
  const { client } = await kept(proxy);
  await clock.advance(75_200);
  assertEquals(await client.rest(), "");
});

Deno.test("ConnectionPool closes a connection that nobody uses", async () => {
  const clock = new ManualClock();
  await using proxy = new ProxyFixture({ clock, timeouts });
  const { upstream } = await kept(proxy);
  await clock.advance(0);
  assertEquals(proxy.pool.idle, 1);
  await clock.advance(4_200);
  assertEquals(proxy.pool.idle, 0);
  assertEquals(await upstream.rest(), "");
});

Deno.test("Relay answers 504 when no answer begins in time", async () => {
  const clock = new ManualClock();
  await using proxy = new ProxyFixture({ clock, timeouts });
  proxy.source.maxAttempts = 1;
  const client = proxy.client();
  await client.say(GET);
  const upstream = await proxy.upstream();
  await upstream.head();
  await clock.advance(2_200);
  assertMatch(await client.head(), /^HTTP\/1\.1 504 /);
  assertEquals(await upstream.rest(), "");
  assertEquals(kinds(proxy), ["first_byte_timeout"]);
});

Deno.test("Relay breaks off when an answer stands still", async () => {
  const clock = new ManualClock();
  await using proxy = new ProxyFixture({ clock, timeouts });
  const client = proxy.client();
  await client.say(GET);
  const upstream = await proxy.upstream();
  await upstream.head();
  await upstream.say("HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\nhello");
  await client.hear(/hello$/);
  await clock.advance(3_200);
  assertEquals(await client.rest(), "");
  assertEquals(kinds(proxy), ["idle_timeout"]);
});

Deno.test("Relay gives a client up that does not read", async () => {
  const clock = new ManualClock();
  await using proxy = new ProxyFixture({ clock, timeouts, capacity: 1_024 });
  const client = proxy.client();
  await client.say(GET);
  const upstream = await proxy.upstream();
  await upstream.head();
  const saying = upstream.say(`HTTP/1.1 200 OK\r\nContent-Length: 700000\r\n\r\n${"a".repeat(700_000)}`)
    .catch(() => {});
  await clock.advance(1_000);
  await clock.advance(6_400);
  await saying;
  assertEquals(kinds(proxy), ["client_gone"]);
});

Deno.test("ProxyConnection answers 504 when the whole takes too long", async () => {
  const clock = new ManualClock();
  await using proxy = new ProxyFixture({ clock, timeouts: { ...timeouts, total: 1_000 } });
  const client = proxy.client();
  await client.say(GET);
  await (await proxy.upstream()).head();
  await clock.advance(1_200);
  assertMatch(await client.head(), /^HTTP\/1\.1 504 /);
  assertEquals(kinds(proxy), ["total_timeout"]);
});

Deno.test("ConnectionPool gives a connection up that is not made in time: 504", async () => {
  const clock = new ManualClock();
  const late = Promise.withResolvers<never>();
  await using proxy = new ProxyFixture({ clock, timeouts, pool: { dial: () => late.promise } });
  proxy.source.maxAttempts = 1;
  const client = proxy.client();
  await client.say(GET);
  await clock.advance(1_200);
  assertMatch(await client.head(), /^HTTP\/1\.1 504 /);
  assertEquals(kinds(proxy), ["connect_timeout"]);
  late.reject(new Error("too late"));
});

Deno.test("ProxyConnection answers 504 when a connection or a place takes longer than the whole may", async (t) => {
  for (const what of ["connection", "place"]) {
    await t.step(what, async () => {
      const clock = new ManualClock();
      const never = Promise.withResolvers<never>();
      const place = Promise.withResolvers<void>();
      await using proxy = new ProxyFixture({
        clock,
        timeouts: { ...timeouts, connect: 1_500, total: 1_000 },
        pool: what === "connection" ? { dial: () => never.promise } : {},
      });
      proxy.source.maxAttempts = 1;
      if (what === "place") {
        proxy.source.instead = (): Queued => ({
          kind: "queued",
          upstream: testUpstream("busy"),
          admitted: place.promise.then(() => ({ kind: "none", reason: "cancelled" })),
          cancel: place.resolve,
        });
      }
      const client = proxy.client();
      await client.say(GET);
      await clock.advance(1_700);
      assertMatch(await client.head(), /^HTTP\/1\.1 504 /);
      if (what === "connection") never.reject(new Error("too late"));
    });
  }
});
