import { assert, assertEquals, assertMatch, assertNotMatch } from "@std/assert";
import { eventually } from "@flotilla/runtime/testing";
import type { Queued } from "../attempt.ts";
import { testUpstream } from "./testing/fixed_source.ts";
import type { Connection } from "./connection.ts";
import { memoryPair } from "./testing/memory_connection.ts";
import type { Peer } from "./testing/peer.ts";
import { ProxyFixture } from "./testing/proxy_fixture.ts";

const GET = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
const POST = "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\n\r\nhi";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const UPGRADE = "GET /chat HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

async function ask(client: Peer, upstream: Peer, answer = OK): Promise<string> {
  await client.say(GET);
  await upstream.head();
  await upstream.say(answer);
  return await client.head();
}

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

Deno.test("ConnectionPool gives a connection to the next request", async () => {
  await using proxy = new ProxyFixture();
  const { client, upstream } = await kept(proxy);
  await ask(client, upstream);
  await client.octets(2);
  await ask(proxy.client(), upstream);
  assertEquals(proxy.dials, 1);
  assertEquals(proxy.pool.reused, 2);
});

Deno.test("Relay does not use a connection again whose framing is in doubt", async (t) => {
  const answers = {
    "more than the answer": `${OK}surplus`,
    "Connection: close": "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
    "HTTP/1.0 without keep-alive": "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "more than chunks": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nsurplus",
    "a body with 204": "HTTP/1.1 204 None\r\nContent-Length: 2\r\n\r\nok",
  };
  for (const [title, answer] of Object.entries(answers)) {
    await t.step(title, async () => {
      await using proxy = new ProxyFixture();
      const client = proxy.client();
      await client.say(GET);
      const upstream = await proxy.upstream();
      await upstream.head();
      await upstream.say(answer);
      assertNotMatch(await client.head(), /surplus/);
      await upstream.rest();
      assertEquals(proxy.pool.idle, 0);
      assertEquals(kinds(proxy), []);
    });
  }
});

Deno.test("ConnectionPool drops a connection that its upstream closes or speaks on", async (t) => {
  for (const how of ["closes", "speaks"]) {
    await t.step(how, async () => {
      await using proxy = new ProxyFixture();
      const { client, upstream } = await kept(proxy);
      await eventually(() => proxy.pool.idle === 1);
      if (how === "closes") upstream.close();
      else await upstream.say("HTTP/1.1 408 Timeout\r\n\r\n");
      await eventually(() => proxy.pool.idle === 0);
      await client.say(GET);
      await (await proxy.upstream()).head();
      assertEquals(kinds(proxy), []);
    });
  }
});

Deno.test("Relay sends an idempotent request again when a kept connection was stale", async () => {
  await using proxy = new ProxyFixture();
  const { client, upstream } = await kept(proxy);
  await client.say(GET);
  await upstream.head();
  upstream.close();
  const fresh = await proxy.upstream();
  await fresh.head();
  await fresh.say(OK);
  assertMatch(await client.head(), /^HTTP\/1\.1 200/);
  assertEquals(kinds(proxy), ["stale_connection"]);
});

Deno.test("Relay sends an idempotent request again whose small body came apart from its head", async () => {
  await using proxy = new ProxyFixture();
  const { client, upstream } = await kept(proxy);
  await client.say("PUT / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\n");
  await client.say("he");
  await client.say("llo");
  await upstream.hear(/hello$/);
  upstream.close();
  const fresh = await proxy.upstream();
  await fresh.hear(/hello$/);
  await fresh.say(OK);
  assertMatch(await client.head(), /^HTTP\/1\.1 200/);
});

Deno.test("Relay passes nothing on of a small answer that breaks off, and tries again", async () => {
  await using proxy = new ProxyFixture();
  const client = proxy.client();
  await client.say(GET);
  const upstream = await proxy.upstream();
  await upstream.head();
  await upstream.say("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe");
  upstream.close();
  const fresh = await proxy.upstream();
  await fresh.head();
  await fresh.say("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe");
  await fresh.say("llo");
  assertMatch(await client.hear(/hello$/), /^HTTP\/1\.1 200 OK/);
});

Deno.test("Relay does not send a POST again that may have arrived: 502", async () => {
  await using proxy = new ProxyFixture();
  const { client, upstream } = await kept(proxy);
  await client.say(POST);
  await upstream.hear(/hi$/);
  upstream.close();
  assertMatch(await client.head(), /^HTTP\/1\.1 502 /);
  assertEquals(proxy.dials, 1);
});

Deno.test("Relay sends a POST again that was never sent", async () => {
  await using proxy = new ProxyFixture();
  proxy.refusing = true;
  const client = proxy.client();
  proxy.source.instead = () => {
    if (proxy.dials === 1) proxy.refusing = false;
    return proxy.source.attempt();
  };
  await client.say(POST);
  const upstream = await proxy.upstream();
  assertMatch(await upstream.hear(/hi$/), /^POST/);
  assertEquals(kinds(proxy), ["connect_refused"]);
});

Deno.test("Relay answers 503 when no upstream can be connected to", async () => {
  await using proxy = new ProxyFixture();
  proxy.refusing = true;
  const client = proxy.client();
  await client.say(GET);
  const head = await client.head();
  assertMatch(head, /^HTTP\/1\.1 503 /);
  assertMatch(head, /\r\nRetry-After: 1\r\n/);
  assertMatch(await client.hear(/\n$/), /"request_id":"\w{32}"/);
  assertEquals(proxy.dials, 3);
});

Deno.test("Relay answers 502 when an answer breaks the rules, and closes the upstream's connection", async (t) => {
  const answers = {
    "both lengths": "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
    "differing lengths": "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n",
    "unknown coding": "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
    "obs-fold": "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n",
    "space before a colon": "HTTP/1.1 200 OK\r\nX : a\r\nContent-Length: 0\r\n\r\n",
    "bare LF": "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
    "bare CR": "HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 0\r\n\r\n",
    NUL: "HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n",
    "no HTTP": "SSH-2.0-OpenSSH_9.9\r\n",
    "HTTP/2": "HTTP/2.0 200 OK\r\n\r\n",
    "status of two digits": "HTTP/1.1 20 OK\r\n\r\n",
    "status of four digits": "HTTP/1.1 2000 OK\r\n\r\n",
    "status 600": "HTTP/1.1 600 OK\r\n\r\n",
    "chunks in HTTP/1.0": "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks with 204": "HTTP/1.1 204 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "an upgrade that was not asked for":
      "HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    "a head that is too long": `HTTP/1.1 200 OK\r\n${`X: ${"a".repeat(8_000)}\r\n`.repeat(5)}\r\n`,
  };
  for (const [title, answer] of Object.entries(answers)) {
    await t.step(title, async () => {
      await using proxy = new ProxyFixture();
      proxy.source.maxAttempts = 1;
      const client = proxy.client();
      await client.say(GET);
      const upstream = await proxy.upstream();
      await upstream.head();
      await upstream.say(answer);
      assertMatch(await client.head(), /^HTTP\/1\.1 502 /);
      await upstream.rest();
      assertEquals(kinds(proxy), ["protocol_error"]);
      assertEquals(proxy.errors, []);
    });
  }
});

Deno.test("Relay tells an answer that breaks off before and within its head: 502", async () => {
  await using proxy = new ProxyFixture();
  proxy.source.maxAttempts = 1;
  for (const [said, kind] of [["", "reset"], ["HTTP/1.1 200 OK\r\nConte", "protocol_error"]] as const) {
    const client = proxy.client();
    await client.say(GET);
    const upstream = await proxy.upstream();
    await upstream.head();
    await upstream.say(said);
    upstream.close();
    assertMatch(await client.head(), /^HTTP\/1\.1 502 /);
    assertEquals(kinds(proxy).at(-1), kind);
  }
});

Deno.test("ProxyConnection serves pipelined requests in order, one at a time", async () => {
  await using proxy = new ProxyFixture();
  const client = proxy.client();
  const paths = Array.from({ length: 200 }, (_, i) => `/${i}`);
  const saying = client.say(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: a.test\r\n\r\n`).join(""));
  const upstream = await proxy.upstream();
  for (const path of paths) {
    assert((await upstream.head()).startsWith(`GET ${path} `));
    assertEquals(proxy.source.inFlight, 1);
    await upstream.say(`HTTP/1.1 200 OK\r\nX-Path: ${path}\r\nContent-Length: 2\r\n\r\nok`);
    assertMatch(await client.hear(/\r\n\r\nok/), new RegExp(`\r\nX-Path: ${path}\r\n`));
  }
  await saying;
  assertEquals(proxy.dials, 1);
});

Deno.test("ProxyConnection answers what came before a refused request, then refuses", async () => {
  await using proxy = new ProxyFixture();
  const client = proxy.client();
  await client.say(`${GET}GET / HTTP/1.1\r\n\r\n`);
  const upstream = await proxy.upstream();
  await upstream.head();
  await upstream.say(OK);
  assertMatch(await client.rest(), /^HTTP\/1\.1 200 OK\r\n[^]*okHTTP\/1\.1 400 /);
});

Deno.test("ProxyConnection closes after Connection: close", async () => {
  await using proxy = new ProxyFixture();
  const client = proxy.client();
  await client.say("GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n");
  const upstream = await proxy.upstream();
  await upstream.head();
  await upstream.say(OK);
  assertMatch(await client.rest(), /\r\nConnection: close\r\n/);
  await eventually(() => proxy.pool.idle === 1);
});

Deno.test("Relay cancels the upstream's request when the client leaves", async () => {
  await using proxy = new ProxyFixture();
  const client = proxy.client();
  await client.say(GET);
  const upstream = await proxy.upstream();
  await upstream.head();
  client.close();
  assertEquals(await upstream.rest(), "");
  await eventually(() => proxy.source.inFlight === 0 && proxy.listener.stats.open === 0);
  assertEquals(kinds(proxy), ["client_gone"]);
});

Deno.test("Relay cancels the upstream's request when the client leaves within the answer", async () => {
  await using proxy = new ProxyFixture();
  const client = proxy.client();
  await client.say(GET);
  const upstream = await proxy.upstream();
  await upstream.head();
  await upstream.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n");
  await client.head();
  client.close();
  assertEquals(await upstream.rest(), "");
  await eventually(() => proxy.source.inFlight === 0);
  assertEquals(kinds(proxy), ["client_gone"]);
});

Deno.test("Relay fails over when the health checks give the upstream up", async () => {
  await using proxy = new ProxyFixture();
  const client = proxy.client();
  await client.say(GET);
  await (await proxy.upstream()).head();
  proxy.source.lose();
  const other = await proxy.upstream();
  await other.head();
  await other.say(OK);
  assertMatch(await client.head(), /^HTTP\/1\.1 200/);
  assertEquals(kinds(proxy), ["upstream_lost"]);
});

Deno.test("Relay carries an upgraded connection both ways, each side ending by itself", async () => {
  await using proxy = new ProxyFixture();
  const client = proxy.client();
  await client.say(UPGRADE);
  const upstream = await proxy.upstream();
  assertMatch(await upstream.head(), /\r\nConnection: upgrade\r\nUpgrade: websocket\r\n/);
  await upstream.say(
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nfirst",
  );
  assertMatch(await client.head(), /^HTTP\/1\.1 101 [^]*\r\nConnection: upgrade\r\nUpgrade: websocket\r\n/);
  assertEquals(await client.octets(5), "first");
  await client.say("GET / HTTP/1.1\r\n\r\n");
  assertEquals(await upstream.octets(18), "GET / HTTP/1.1\r\n\r\n");
  await client.closeWrite();
  assertEquals(await upstream.rest(), "");
  await upstream.say("last words");
  await upstream.closeWrite();
  assertEquals(await client.rest(), "last words");
  await eventually(() => proxy.source.ended === 1 && proxy.listener.stats.open === 0);
});

Deno.test("tunnel() closes both sides when one is closed", async () => {
  await using proxy = new ProxyFixture();
  const client = proxy.client();
  await client.say(UPGRADE);
  const upstream = await proxy.upstream();
  await upstream.head();
  await upstream.say("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
  await client.head();
  client.close();
  await upstream.rest();
  upstream.close();
  await eventually(() => proxy.listener.stats.open === 0);
});

Deno.test("composeRequest() asks for no upgrade to HTTP/2", async () => {
  await using proxy = new ProxyFixture();
  const upgrade = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n";
  const { heard } = await proxy.roundTrip(`GET / HTTP/1.1\r\nHost: a.test\r\n${upgrade}\r\n`, OK);
  assertNotMatch(heard, /^(upgrade|connection|http2-settings)/im);
});

Deno.test("Relay passes an answer on that declines an upgrade", async () => {
  await using proxy = new ProxyFixture();
  const { got } = await proxy.roundTrip(
    UPGRADE,
    "HTTP/1.1 426 No\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n",
  );
  assertMatch(got, /^HTTP\/1\.1 426 No\r\n/);
});

Deno.test("ProxyConnection gives up its place in the queue when the client leaves", async () => {
  await using proxy = new ProxyFixture();
  const { promise, resolve } = Promise.withResolvers<void>();
  proxy.source.instead = (): Queued => ({
    kind: "queued",
    upstream: testUpstream("busy"),
    admitted: promise.then(() => ({ kind: "none", reason: "cancelled" })),
    cancel: resolve,
  });
  const client = proxy.client();
  await client.say(GET);
  await eventually(() => proxy.listener.stats.active === 1);
  client.close();
  await eventually(() => proxy.listener.stats.open === 0);
});

Deno.test("ProxyConnection waits in the queue for an attempt", async () => {
  await using proxy = new ProxyFixture();
  const { promise, resolve } = Promise.withResolvers<void>();
  proxy.source.instead = (): Queued => ({
    kind: "queued",
    upstream: testUpstream("busy"),
    admitted: promise.then(() => proxy.source.attempt()),
    cancel: () => {},
  });
  const client = proxy.client();
  await client.say(GET);
  await eventually(() => proxy.listener.stats.active === 1);
  resolve();
  await (await proxy.upstream()).head();
});

Deno.test("ProxyConnection tells why no attempt could begin", async () => {
  await using proxy = new ProxyFixture();
  proxy.source.instead = () => ({ kind: "none", reason: "queue_full" });
  const client = proxy.client();
  await client.say(GET);
  assertMatch(await client.head(), /^HTTP\/1\.1 503 /);
  proxy.source.instead = undefined;
  await client.hear(/\}\n$/);
  await client.say(GET);
  await (await proxy.upstream()).head();
});

Deno.test("Listener.drain() closes idle connections and lets requests in flight finish", async () => {
  await using proxy = new ProxyFixture();
  const { client: idle, upstream } = await kept(proxy);
  const busy = proxy.client();
  await busy.say(GET);
  await eventually(() => proxy.listener.stats.active === 1);
  const drained = proxy.listener.drain();
  assertEquals(await idle.rest(), "");
  await upstream.head();
  await upstream.say(OK);
  const answer = await busy.rest();
  assertMatch(answer, /\r\nConnection: close\r\n/);
  busy.close();
  await drained;
  assertEquals(proxy.listener.stats.open, 0);
});

Deno.test("Listener refuses a connection at a time beyond its limits only by letting it wait", async () => {
  await using proxy = new ProxyFixture({ listener: { maxConnections: 1 } });
  const { client } = await kept(proxy);
  assertEquals(proxy.listener.stats.open, 1);
  client.close();
  await eventually(() => proxy.listener.stats.open === 0);
});

Deno.test("Wire grows for a large head and shrinks after it", async () => {
  await using proxy = new ProxyFixture();
  const client = proxy.client();
  const large = `GET / HTTP/1.1\r\nHost: a.test\r\n${`Cookie: ${"c".repeat(3_000)}\r\n`.repeat(8)}\r\n`;
  await client.say(large);
  const upstream = await proxy.upstream();
  assert((await upstream.head()).startsWith(large.slice(0, -2)));
  await upstream.say(
    `HTTP/1.1 200 OK\r\n${`Set-Cookie: ${"c".repeat(5_000)}\r\n`.repeat(5)}Content-Length: 2\r\n\r\nok`,
  );
  assertEquals((await client.hear(/\r\n\r\nok$/)).match(/Set-Cookie: c{5000}\r\n/g)?.length, 5);
  for (const request of [GET, GET, large, GET]) {
    await client.say(request);
    assert((await upstream.head()).startsWith(request.slice(0, -2)));
    await upstream.say(OK);
    assertMatch(await client.hear(/ok$/), /^HTTP\/1\.1 200 OK\r\n/);
  }
  assertEquals(proxy.dials, 1);
});

Deno.test("Relay passes a body on GET on when that is allowed, over a connection of its own", async () => {
  await using proxy = new ProxyFixture({ listener: { bodyOnGet: true } });
  const client = proxy.client();
  await client.say("GET / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\n\r\nhi");
  const upstream = await proxy.upstream();
  await upstream.hear(/hi$/);
  await upstream.say(OK);
  assertMatch(await client.head(), /^HTTP\/1\.1 200 /);
  assertEquals(await upstream.rest(), "");
  assertEquals(proxy.pool.idle, 0);
});

Deno.test("Relay cancels a connection that is being made when the client leaves", async () => {
  const dialled = Promise.withResolvers<Connection>();
  await using proxy = new ProxyFixture({ pool: { dial: () => dialled.promise } });
  const client = proxy.client();
  await client.say(GET);
  await eventually(() => proxy.source.inFlight === 1);
  client.close();
  const [near, far] = memoryPair();
  dialled.resolve(far);
  await eventually(() => proxy.source.inFlight === 0 && far.closed);
  assertEquals(kinds(proxy), ["client_gone"]);
  near.close();
});
