import { assert, assertEquals, assertMatch, assertNotMatch, assertStringIncludes } from "@std/assert";
import { eventually } from "@flotilla/runtime/testing";
import type { AccessEntry } from "../access_log.ts";
import { ProxyFixture } from "./testing/proxy_fixture.ts";

const GET = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

function request(fields: string, line = "GET / HTTP/1.1"): string {
  return `${line}\r\nHost: a.test\r\n${fields}\r\n`;
}

/** What an upstream hears of a request with these fields. */
async function heard(
  fields: string,
  options: ConstructorParameters<typeof ProxyFixture>[0] = {},
): Promise<string> {
  await using proxy = new ProxyFixture(options);
  return (await proxy.roundTrip(request(fields), OK)).heard;
}

/** What a client gets of an answer. */
async function got(answer: string, line = "GET / HTTP/1.1"): Promise<string> {
  await using proxy = new ProxyFixture();
  return (await proxy.roundTrip(request("", line), answer)).got;
}

Deno.test("Relay passes the request line and end-to-end fields on as they came", async () => {
  await using proxy = new ProxyFixture();
  const sent =
    "PROPFIND /a%2Fb/?q=1&r=[]|{} HTTP/1.1\r\nhost: A.Test:81\r\nX-ODD:  Value \r\ncookie: a=b; c=d\r\n\r\n";
  const { heard } = await proxy.roundTrip(sent, OK);
  assert(heard.startsWith(sent.slice(0, -2)));
});

Deno.test("Relay drops hop-by-hop fields of a request", async () => {
  const text = await heard(
    "Connection: keep-alive, X-Private\r\nX-Private: 1\r\nKeep-Alive: 5\r\nProxy-Connection: keep-alive\r\n" +
      "TE: gzip\r\nUpgrade: websocket\r\nProxy-Authorization: Basic x\r\nHTTP2-Settings: AAA\r\nX-Kept: 2\r\n",
  );
  assertNotMatch(text, /^(connection|x-private|keep-alive|proxy-|te:|upgrade|http2-)/im);
  assertMatch(text, /^X-Kept: 2\r$/m);
});

Deno.test("Relay drops hop-by-hop fields of an answer", async () => {
  const text = await got(
    "HTTP/1.1 200 OK\r\nConnection: X-Private\r\nX-Private: 1\r\nKeep-Alive: 5\r\nProxy-Connection: keep-alive\r\n" +
      "Proxy-Authenticate: Basic\r\nX-Kept: 2\r\nContent-Length: 0\r\n\r\n",
  );
  assertNotMatch(text, /^(connection|x-private|keep-alive|proxy-)/im);
  assertMatch(text, /^X-Kept: 2\r$/m);
});

Deno.test("Relay keeps end-to-end fields that Connection names", async () => {
  const text = await heard(
    "Connection: host, authorization, content-length, x-request-id\r\nAuthorization: Bearer t\r\n",
  );
  assertMatch(text, /^Host: a\.test\r$/m);
  assertMatch(text, /^Authorization: Bearer t\r$/m);
  assertMatch(text, /^x-request-id: \w{32}\r$/m);
});

Deno.test("Relay adds Via both ways, behind those that were there", async () => {
  await using proxy = new ProxyFixture();
  const { heard, got } = await proxy.roundTrip(
    request("Via: 1.0 first\r\n"),
    "HTTP/1.1 200 OK\r\nVia: 1.1 origin\r\nContent-Length: 0\r\n\r\n",
  );
  assertMatch(heard, /Via: 1\.0 first\r\n[^]*Via: 1\.1 flotilla\r\n/);
  assertMatch(got, /Via: 1\.1 origin\r\n[^]*Via: 1\.1 flotilla\r\n/);
});

Deno.test("Relay names in Via the version that a message came in", async () => {
  await using proxy = new ProxyFixture();
  const { heard, got } = await proxy.roundTrip(
    "GET / HTTP/1.0\r\nHost: a.test\r\n\r\n",
    "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
  );
  assertMatch(heard, /\r\nVia: 1\.0 flotilla\r\n/);
  assertMatch(got, /\r\nVia: 1\.0 flotilla\r\n/);
});

Deno.test("Relay dates an answer that has no date, and leaves one that has", async () => {
  const today = /^Date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r$/gim;
  assertEquals((await got("HTTP/1.1 204 None\r\n\r\n")).match(today)?.length, 1);
  const dated = await got("HTTP/1.1 200 OK\r\ndate: yesterday\r\nContent-Length: 0\r\n\r\n");
  assertEquals(dated.match(/^date: .*$/gim), ["date: yesterday"]);
  assertMatch(await heard("Date: today\r\n"), /\r\nDate: today\r\n/);
});

Deno.test("Relay replaces forwarding fields of a client that is no trusted proxy", async () => {
  const text = await heard(
    "X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil.test\r\nForwarded: for=1.1.1.1\r\n" +
      "X-Real-IP: 127.0.0.1\r\nX-Forwarded-Port: 1\r\n",
  );
  assertEquals(text.match(/^X-Forwarded-For: .*$/gim), ["X-Forwarded-For: 203.0.113.9"]);
  assertEquals(text.match(/^X-Forwarded-Proto: .*$/gim), ["X-Forwarded-Proto: http"]);
  assertEquals(text.match(/^X-Forwarded-Host: .*$/gim), ["X-Forwarded-Host: a.test"]);
  assertEquals(text.match(/^Forwarded: .*$/gim), ['Forwarded: for=203.0.113.9;host="a.test";proto=http']);
  assertNotMatch(text, /^x-(real-ip|forwarded-port)/im);
});

Deno.test("Relay adds to the forwarding fields of a trusted proxy", async () => {
  const text = await heard(
    "X-Forwarded-For: 198.51.100.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: 10.0.0.2\r\n",
    {
      peer: "10.0.0.1",
      listener: { trustedProxies: ["10.0.0.0/8"] },
    },
  );
  assertEquals(text.match(/^X-Forwarded-For: .*$/gim), [
    "X-Forwarded-For: 198.51.100.7, 10.0.0.2, 10.0.0.1",
  ]);
  assertEquals(text.match(/^X-Forwarded-Proto: .*$/gim), ["X-Forwarded-Proto: https"]);
});

Deno.test("RequestView tells the strategy the client's address behind trusted proxies, and any field", async () => {
  await using proxy = new ProxyFixture({ peer: "10.0.0.1", listener: { trustedProxies: ["10.0.0.0/8"] } });
  const seen: (string | undefined)[] = [];
  proxy.source.instead = () => {
    const context = proxy.source.contexts[0];
    seen.push(context?.address, context?.header("x-key"), context?.header("x-none"));
    return proxy.source.attempt();
  };
  await proxy.roundTrip(
    request("X-Forwarded-For: 198.51.100.7, 10.0.0.2\r\nX-Key: one\r\nX-Key: two\r\n"),
    OK,
  );
  assertEquals(seen, ["198.51.100.7", "one, two", undefined]);
});

Deno.test("Relay makes a request id and tells it both sides", async () => {
  await using proxy = new ProxyFixture();
  const { heard, got } = await proxy.roundTrip(GET, OK);
  const id = /^x-request-id: (\w{32})\r$/m.exec(heard)?.[1] ?? "none";
  assertStringIncludes(got, `\r\nx-request-id: ${id}\r\n`);
});

Deno.test("Relay keeps a well-formed request id", async () => {
  await using proxy = new ProxyFixture();
  const { heard, got } = await proxy.roundTrip(request("X-Request-Id: my-id\r\nX-Other: 1\r\n"), OK);
  assertEquals(heard.match(/^x-request-id: .*$/gim), ["X-Request-Id: my-id"]);
  assertEquals(got.match(/^x-request-id: .*$/gim), ["x-request-id: my-id"]);
});

Deno.test("Relay replaces a request id that is not well-formed", async () => {
  const text = await heard('X-Request-Id: "><script>\r\n');
  assertEquals(text.match(/^x-request-id: \w{32}\r$/gim)?.length, 1);
  assertNotMatch(text, /script/);
});

Deno.test("Relay leaves an answer the request id that it has", async () => {
  const text = await got("HTTP/1.1 200 OK\r\nX-Request-Id: theirs\r\nContent-Length: 0\r\n\r\n");
  assertEquals(text.match(/^x-request-id: .*$/gim), ["X-Request-Id: theirs"]);
});

Deno.test("Relay passes trace context on", async () => {
  const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  assertStringIncludes(
    await heard(`traceparent: ${parent}\r\ntracestate: a=b\r\n`),
    `traceparent: ${parent}\r\ntracestate: a=b\r\n`,
  );
});

Deno.test("Relay asks for trailers when the client does", async () => {
  assertMatch(await heard("TE: trailers\r\nConnection: TE\r\n"), /\r\nConnection: TE\r\nTE: trailers\r\n/);
});

Deno.test("Relay sends HTTP/1.1 for a client of HTTP/1.0, with a Host", async () => {
  await using proxy = new ProxyFixture();
  const { heard, got } = await proxy.roundTrip("GET /x HTTP/1.0\r\n\r\n", OK);
  assertMatch(heard, /^GET \/x HTTP\/1\.1\r\nHost: proxy\.test:8000\r\n/);
  assertMatch(got, /^HTTP\/1\.1 200 OK\r\n/);
  assertNotMatch(got, /keep-alive/i);
});

Deno.test("Relay keeps the connection of an HTTP/1.0 client that asks for it", async () => {
  await using proxy = new ProxyFixture();
  const { got } = await proxy.roundTrip(request("Connection: keep-alive\r\n", "GET / HTTP/1.0"), OK);
  assertMatch(got, /\r\nConnection: keep-alive\r\n/);
});

Deno.test("Relay sends a target in absolute form as a path", async () => {
  await using proxy = new ProxyFixture();
  const { heard } = await proxy.roundTrip("GET http://A.test/x?y HTTP/1.1\r\nHost: a.TEST\r\n\r\n", OK);
  assertMatch(heard, /^GET \/x\?y HTTP\/1\.1\r\nHost: a\.TEST\r\n/);
});

Deno.test("Relay passes OPTIONS * on", async () => {
  await using proxy = new ProxyFixture();
  const { heard } = await proxy.roundTrip(request("Max-Forwards: 10\r\n", "OPTIONS * HTTP/1.1"), OK);
  assertMatch(heard, /^OPTIONS \* HTTP\/1\.1\r\n[^]*\r\nMax-Forwards: 09\r\n/);
});

Deno.test("ProxyConnection answers OPTIONS that may not be forwarded", async () => {
  await using proxy = new ProxyFixture();
  const client = proxy.client();
  await client.say(request("Max-Forwards: 0\r\n", "OPTIONS / HTTP/1.1"));
  assertMatch(await client.head(), /^HTTP\/1\.1 204 [^]*\r\nallow: /);
  assertEquals(proxy.dials, 0);
});

Deno.test("Relay ignores an empty line before the request", async () => {
  await using proxy = new ProxyFixture();
  const { heard } = await proxy.roundTrip("\r\n" + GET, OK);
  assertMatch(heard, /^GET \/ HTTP\/1\.1\r\n/);
});

Deno.test("Relay answers as HTTP/1.1 what an upstream of HTTP/1.0 answers", async () => {
  assertMatch(await got("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"), /^HTTP\/1\.1 200 OK\r\n/);
});

Deno.test("Relay passes a status without reason, and any status", async () => {
  assertMatch(await got("HTTP/1.1 299\r\nContent-Length: 0\r\n\r\n"), /^HTTP\/1\.1 299\r\n/);
  assertMatch(
    await got("HTTP/1.1 404 Nicht gefunden\r\nContent-Length: 0\r\n\r\n"),
    /^HTTP\/1\.1 404 Nicht gefunden\r\n/,
  );
});

Deno.test("Relay passes a 204 on without a length", async () => {
  const text = await got("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n");
  assertNotMatch(text, /content-length/i);
});

Deno.test("ProxyConnection answers its own endpoints", async () => {
  const answer = (request: Request) => {
    return request.headers.has("via")
      ? undefined
      : Response.json({ id: request.headers.get("x-request-id") });
  };
  await using proxy = new ProxyFixture({ listener: { endpoints: { paths: ["/healthz"], answer } } });
  const client = proxy.client();
  await client.say("GET /healthz?x HTTP/1.1\r\nHost: a.test\r\nX-Request-Id: r1\r\n\r\n");
  assertMatch(await client.head(), /^HTTP\/1\.1 200 OK\r\n[^]*x-request-id: r1\r\n/);
  assertEquals(await client.octets(11), '{"id":"r1"}');
  await client.say("HEAD /healthz HTTP/1.1\r\nHost: a.test\r\n\r\n");
  assertMatch(await client.head(), /Content-Length: \d+\r\n/);
  await client.say("GET /healthzz HTTP/1.1\r\nHost: a.test\r\n\r\n");
  const upstream = await proxy.upstream();
  assertMatch(await upstream.head(), /^GET \/healthzz /);
  await upstream.say(OK);
  await client.hear(/ok$/);
  await client.say("GET /healthz HTTP/1.1\r\nHost: a.test\r\nVia: 1.1 front\r\n\r\n");
  assertMatch(await upstream.head(), /^GET \/healthz /);
});

Deno.test("ProxyConnection answers 500 when an endpoint of its own throws", async () => {
  const broken = new Error("broken");
  const answers = [() => {
    throw broken;
  }, () => Promise.reject(broken)];
  for (const answer of answers) {
    await using proxy = new ProxyFixture({ listener: { endpoints: { paths: ["/x"], answer } } });
    const client = proxy.client();
    await client.say("GET /x HTTP/1.1\r\nHost: a.test\r\n\r\n");
    assertMatch(await client.head(), /^HTTP\/1\.1 500 /);
    assertEquals(proxy.errors, [broken]);
  }
});

Deno.test("ProxyConnection writes requests to the access log", async () => {
  const entries: AccessEntry[] = [];
  const accessLog = {
    wants: (status: number) => status >= 400,
    write: (entry: AccessEntry) => void entries.push(entry),
  };
  for (const status of ["200 OK", "404 None"]) {
    await using proxy = new ProxyFixture({ listener: { accessLog } });
    await proxy.roundTrip(
      "GET /a/b?secret=1 HTTP/1.1\r\nHost: a.test\r\nX-Request-Id: r1\r\n\r\n",
      `HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`,
    );
    await eventually(() => proxy.source.ended === 1);
  }
  const [{ milliseconds, ...entry } = { milliseconds: -1 }] = entries;
  assert(milliseconds >= 0);
  assertEquals(entry, {
    method: "GET",
    path: "/a/b",
    status: 404,
    upstream: "only",
    attempts: 1,
    requestId: "r1",
    client: "203.0.113.9",
  });
});
