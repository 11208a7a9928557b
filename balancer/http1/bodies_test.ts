import { assert, assertEquals, assertMatch, assertNotMatch } from "@std/assert";
import { eventually } from "@flotilla/runtime/testing";
import type { Peer } from "./testing/peer.ts";
import { ProxyFixture } from "./testing/proxy_fixture.ts";

const GET = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

function post(fields: string, body = ""): string {
  return `POST / HTTP/1.1\r\nHost: a.test\r\n${fields}\r\n${body}`;
}

/** A client that has sent a request, and the upstream that has heard its head. */
async function sent(
  proxy: ProxyFixture,
  request: string,
): Promise<{ client: Peer; upstream: Peer; head: string }> {
  const client = proxy.client();
  await client.say(request);
  const upstream = await proxy.upstream();
  return { client, upstream, head: await upstream.head() };
}

Deno.test("Relay passes a body of known length on, whatever pieces it comes in", async () => {
  await using proxy = new ProxyFixture();
  const { client, upstream } = await sent(proxy, post("Content-Length: 200000\r\n", "a".repeat(10)));
  const rest = client.say("a".repeat(199_990));
  assertEquals(await upstream.octets(200_000), "a".repeat(200_000));
  await rest;
  await upstream.say(OK);
  assertMatch(await client.head(), /^HTTP\/1\.1 200 OK/);
  assertEquals(await client.octets(2), "ok");
});

Deno.test("Relay passes chunks and trailers of a request on as they came", async () => {
  await using proxy = new ProxyFixture();
  const chunks = "5\r\nhello\r\n00a\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\n";
  const { client, upstream, head } = await sent(proxy, post("Transfer-Encoding: chunked\r\n"));
  assertMatch(head, /\r\nTransfer-Encoding: chunked\r\n/);
  for (const octet of chunks) await client.say(octet);
  assertEquals(await upstream.octets(chunks.length), chunks);
});

Deno.test("Relay passes chunks and trailers of an answer on as they came", async () => {
  await using proxy = new ProxyFixture();
  const chunks = "5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n";
  const { client, upstream } = await sent(proxy, GET);
  await upstream.say(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n${chunks}`);
  assertMatch(await client.head(), /\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n/);
  assertEquals(await client.octets(chunks.length), chunks);
});

Deno.test("Relay passes each piece of a stream on as it comes", async () => {
  await using proxy = new ProxyFixture();
  const { client, upstream } = await sent(proxy, GET);
  await upstream.say(
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
  );
  await client.head();
  for (const piece of ["8\r\ndata: 1\n\r\n", "8\r\ndata: 2\n\r\n"]) {
    await upstream.say(piece);
    assertEquals(await client.octets(piece.length), piece);
  }
});

Deno.test("Relay gives a body that ends with the connection chunks", async () => {
  await using proxy = new ProxyFixture();
  const { client, upstream } = await sent(proxy, GET);
  await upstream.say("HTTP/1.1 200 OK\r\n\r\nhello");
  assertMatch(await client.head(), /\r\nTransfer-Encoding: chunked\r\n/);
  assertEquals(await client.hear(/hello\r\n/), "5\r\nhello\r\n");
  await upstream.say("world");
  assertEquals(await client.hear(/world\r\n/), "5\r\nworld\r\n");
  upstream.close();
  assertEquals(await client.octets(5), "0\r\n\r\n");
  await client.say(GET);
  await (await proxy.upstream()).head();
});

Deno.test("Relay leaves a body that ends with the connection as it is for HTTP/1.0", async () => {
  await using proxy = new ProxyFixture();
  const { client, upstream } = await sent(proxy, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  await upstream.say("HTTP/1.1 200 OK\r\n\r\nhello");
  upstream.close();
  const answer = await client.rest();
  assertNotMatch(answer, /chunked|keep-alive/i);
  assert(answer.endsWith("\r\n\r\nhello"));
});

Deno.test("Relay takes the chunks away for HTTP/1.0", async () => {
  await using proxy = new ProxyFixture();
  const { client, upstream } = await sent(proxy, "GET / HTTP/1.0\r\n\r\n");
  await upstream.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
  await upstream.say("6\r\n world\r\n0\r\n\r\n");
  const answer = await client.rest();
  assertNotMatch(answer, /transfer-encoding/i);
  assert(answer.endsWith("\r\n\r\nhello world"));
});

Deno.test("Relay waits for no body after HEAD, 204 and 304", async () => {
  await using proxy = new ProxyFixture();
  const { client, upstream } = await sent(proxy, "HEAD / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  await upstream.say("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  assertMatch(await client.head(), /\r\nContent-Length: 5\r\n/);
  for (const status of [204, 304]) {
    await client.say(GET);
    await upstream.head();
    await upstream.say(`HTTP/1.1 ${status} X\r\nContent-Length: 5\r\n\r\n`);
    assertMatch(await client.head(), new RegExp(`^HTTP/1\\.1 ${status} X`));
  }
  assertEquals(proxy.dials, 1);
});

Deno.test("Relay breaks the client's connection when a body breaks off", async (t) => {
  const answers = {
    "known length": "Content-Length: 20000\r\n\r\nhello",
    chunks: "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    "within a chunk": "Transfer-Encoding: chunked\r\n\r\n5\r\nhe",
  };
  for (const [title, answer] of Object.entries(answers)) {
    await t.step(title, async () => {
      await using proxy = new ProxyFixture();
      const { client, upstream } = await sent(proxy, GET);
      await upstream.say(`HTTP/1.1 200 OK\r\n${answer}`);
      await client.head();
      upstream.close();
      assertNotMatch(await client.rest(), /0\r\n\r\n/);
      assertEquals(proxy.source.failures.map(({ kind }) => kind), ["truncated"]);
    });
  }
});

Deno.test("Relay breaks the client's connection when chunks of an answer are malformed", async () => {
  await using proxy = new ProxyFixture();
  const { client, upstream } = await sent(proxy, GET);
  await upstream.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  await client.head();
  await upstream.say("5;ext\r\nhello\r\n0\r\n\r\n");
  assertEquals(await client.rest(), "");
  assertEquals(proxy.source.failures.map(({ kind }) => kind), ["protocol_error"]);
});

Deno.test("Relay gives an answer up whose first chunks are malformed: 502", async () => {
  await using proxy = new ProxyFixture();
  const { client, upstream } = await sent(proxy, GET);
  await upstream.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n");
  const again = await proxy.upstream();
  await again.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n");
  await (await proxy.upstream()).say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n");
  assertMatch(await client.head(), /^HTTP\/1\.1 502 /);
});

Deno.test("Relay passes 100 Continue on, and the body after it", async () => {
  await using proxy = new ProxyFixture();
  const { client, upstream, head } = await sent(proxy, post("Content-Length: 5\r\nExpect: 100-continue\r\n"));
  assertMatch(head, /\r\nExpect: 100-continue\r\n/);
  await upstream.say("HTTP/1.1 100 Continue\r\n\r\n");
  assertMatch(await client.head(), /^HTTP\/1\.1 100 Continue\r\n/);
  await client.say("hello");
  assertEquals(await upstream.octets(5), "hello");
  await upstream.say(OK);
  assertMatch(await client.head(), /^HTTP\/1\.1 200 OK/);
});

Deno.test("Relay passes a final answer on that comes instead of 100 Continue", async () => {
  await using proxy = new ProxyFixture();
  const { client, upstream } = await sent(proxy, post("Content-Length: 5\r\nExpect: 100-continue\r\n"));
  await upstream.say("HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n");
  const head = await client.head();
  assertMatch(head, /^HTTP\/1\.1 417 No\r\n/);
  assertMatch(head, /\r\nConnection: close\r\n/);
});

Deno.test("Relay passes interim answers on, even in one piece with the final one", async () => {
  await using proxy = new ProxyFixture();
  const { client, upstream } = await sent(proxy, GET);
  await upstream.say(
    `HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n${OK}`,
  );
  assertMatch(await client.head(), /^HTTP\/1\.1 102 Processing\r\n/);
  assertMatch(await client.head(), /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a\.css>\r\n/);
  assertMatch(await client.head(), /^HTTP\/1\.1 200 OK\r\n/);
  assertEquals(await client.octets(2), "ok");
});

Deno.test("Relay passes no interim answer on to HTTP/1.0", async () => {
  await using proxy = new ProxyFixture();
  const { client, upstream } = await sent(proxy, "GET / HTTP/1.0\r\n\r\n");
  await upstream.say(`HTTP/1.1 103 Early Hints\r\n\r\n${OK}`);
  assertMatch(await client.head(), /^HTTP\/1\.1 200 OK\r\n/);
});

Deno.test("Relay passes an answer on that comes before the request's body, and closes", async () => {
  await using proxy = new ProxyFixture();
  const { client, upstream } = await sent(proxy, post("Content-Length: 1000000\r\n", "a"));
  await upstream.say("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
  const head = await client.head();
  assertMatch(head, /^HTTP\/1\.1 413 Too Large\r\n/);
  assertMatch(head, /\r\nConnection: close\r\n/);
  assertEquals(await client.rest(), "no");
  await upstream.rest();
  assertEquals(proxy.pool.idle, 0);
});

Deno.test("Relay lets both bodies flow at once", async () => {
  await using proxy = new ProxyFixture();
  const { client, upstream } = await sent(proxy, post("Transfer-Encoding: chunked\r\n"));
  await upstream.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  await client.head();
  for (const chunk of ["1\r\na\r\n", "1\r\nb\r\n", "0\r\n\r\n"]) {
    await client.say(chunk);
    assertEquals(await upstream.octets(chunk.length), chunk);
    await upstream.say(chunk);
    assertEquals(await client.octets(chunk.length), chunk);
  }
  await eventually(() => proxy.source.ended === 1);
});

Deno.test("Relay reads no more of an answer than the client takes", async () => {
  await using proxy = new ProxyFixture({ capacity: 1_024 });
  const { client, upstream } = await sent(proxy, GET);
  await upstream.say("HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n");
  await client.head();
  let said = 0;
  const saying = (async () => {
    for (; said < 10_000_000; said += 1_000) await upstream.say("a".repeat(1_000));
  })();
  await client.octets(10_000);
  // What is neither with the client nor in the buffers of the two connections would have to be in the proxy's memory.
  assert(said < 10_000 + 2 * 1_024 + 65_536 + 8_192);
  client.close();
  await saying.catch(() => {});
});

Deno.test("Relay reads no more of a request's body than the upstream takes", async () => {
  await using proxy = new ProxyFixture({ capacity: 1_024 });
  const { client, upstream } = await sent(proxy, post("Content-Length: 10000000\r\n"));
  let said = 0;
  const saying = (async () => {
    for (; said < 10_000_000; said += 1_000) await client.say("a".repeat(1_000));
  })();
  await upstream.octets(10_000);
  assert(said < 10_000 + 2 * 1_024 + 65_536 + 8_192);
  upstream.close();
  client.close();
  await saying.catch(() => {});
});

Deno.test("RequestSender aborts the upstream when the body turns out malformed: 400", async () => {
  await using proxy = new ProxyFixture();
  const { client, upstream } = await sent(proxy, post("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n"));
  await client.say("z\r\n");
  assertMatch(await client.head(), /^HTTP\/1\.1 400 /);
  assertNotMatch(await upstream.rest(), /0\r\n\r\n$/);
  assertEquals(proxy.source.failures.map(({ kind }) => kind), ["request_body"]);
});

Deno.test("RequestSender aborts the upstream when the client leaves within the body", async () => {
  await using proxy = new ProxyFixture();
  const { client, upstream } = await sent(proxy, post("Content-Length: 20000\r\n", "hello"));
  client.close();
  assertEquals(await upstream.rest(), "hello");
  await eventually(() => proxy.source.failures.length === 1);
  assertEquals(proxy.source.failures.map(({ kind }) => kind), ["client_gone"]);
});

Deno.test("RequestSender keeps what comes behind a body for the next request", async () => {
  await using proxy = new ProxyFixture();
  const { client, upstream } = await sent(proxy, post("Transfer-Encoding: chunked\r\n", "5\r\n"));
  await client.say(`hello\r\n0\r\n\r\n${GET}`);
  await upstream.hear(/hello\r\n0\r\n\r\n/);
  await upstream.say(OK);
  assertMatch(await client.head(), /^HTTP\/1\.1 200/);
  assertMatch(await upstream.head(), /^GET \/ /);
});
