import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { AttemptError } from "./failure.ts";
import { echo, failing, silent } from "./testing/fake_transport.ts";
import { testBalancer } from "./testing/test_balancer.ts";

Deno.test("fetch() passes method, path, query, fields and body on", async () => {
  await using test = await testBalancer({ a: echo });
  const init = { method: "PATCH", headers: { "x-custom": "1", host: "shop.example" }, body: "hello" };
  const { method, target, headers, body } = await (await test.send("/a%2Fb?q=%20#f", init)).json();
  assertEquals({ method, target, body }, { method: "PATCH", target: "/a%2Fb?q=%20", body: "hello" });
  assertEquals([headers["x-custom"], headers["host"]], ["1", "shop.example"]);
});

Deno.test("fetch() sets Via, X-Forwarded-* and Forwarded, and believes nobody by default", async () => {
  await using test = await testBalancer({ a: echo });
  const forged = {
    "x-forwarded-for": "6.6.6.6",
    "x-forwarded-proto": "https",
    forwarded: "for=6.6.6.6",
    via: "1.0 fred",
  };
  const { headers } = await (await test.send("/", { headers: forged })).json();
  assertEquals(headers["x-forwarded-for"], "203.0.113.9");
  assertEquals(headers["x-forwarded-proto"], "http");
  assertEquals(headers["x-forwarded-host"], "balancer.test");
  assertEquals(headers["forwarded"], 'for=203.0.113.9;host="balancer.test";proto=http');
  assertEquals(headers["via"], "1.0 fred, 1.1 flotilla");
});

Deno.test("fetch() adds to the forwarding fields of a trusted proxy", async () => {
  await using test = await testBalancer({ a: echo }, { trustedProxies: ["203.0.113.0/24"] });
  const { headers } = await (await test.send("/", { headers: { "x-forwarded-for": "198.51.100.1" } })).json();
  assertEquals(headers["x-forwarded-for"], "198.51.100.1, 203.0.113.9");
});

Deno.test("fetch() drops hop-by-hop fields and those that Connection names, both ways", async () => {
  const fields = { connection: "x-drop", "x-drop": "1", "keep-alive": "timeout=5", "x-keep": "1" };
  await using test = await testBalancer({
    a: async (...call) => new Response((await echo(...call)).body, { headers: fields }),
  });
  const response = await test.send("/", { headers: { ...fields, te: "trailers" } });
  const { headers } = await response.json();
  for (const name of ["connection", "x-drop", "keep-alive", "te"]) {
    assertEquals([name, headers[name], response.headers.get(name)], [name, undefined, null]);
  }
  assertEquals([headers["x-keep"], response.headers.get("x-keep")], ["1", "1"]);
  assertEquals(response.headers.get("via"), "1.1 flotilla");
});

Deno.test("fetch() keeps a well-formed request id and leaves x-served-by to the upstream", async () => {
  await using test = await testBalancer({
    a: () => new Response(null, { headers: { "x-served-by": "gateway_1" } }),
  });
  const kept = await test.send("/", { headers: { "x-request-id": "abc-1" } });
  assertEquals([kept.headers.get("x-request-id"), kept.headers.get("x-served-by")], ["abc-1", "gateway_1"]);
  const made = await test.send("/", { headers: { "x-request-id": "<script>" } });
  assertMatch(made.headers.get("x-request-id") ?? "", /^[\w-]{36}$/);
});

Deno.test("fetch() passes redirects, errors and every Set-Cookie on as they are", async () => {
  const answer = new Headers([["location", "/there"], ["set-cookie", "a=1"], ["set-cookie", "b=2"]]);
  await using test = await testBalancer({ a: () => new Response("moved", { status: 302, headers: answer }) });
  const response = await test.send("/");
  assertEquals([response.status, response.headers.get("location"), await response.text()], [
    302,
    "/there",
    "moved",
  ]);
  assertEquals(response.headers.getSetCookie(), ["a=1", "b=2"]);
});

for (const [method, status] of [["HEAD", 200], ["GET", 204], ["GET", 304]] as const) {
  Deno.test(`fetch() answers ${method} with ${status} without a body and keeps content-length`, async () => {
    const headers = { "content-length": "5", etag: '"x"' };
    await using test = await testBalancer({ a: () => new Response(null, { status, headers }) });
    const response = await test.send("/", { method });
    assertEquals([response.status, response.body], [status, null]);
    assertEquals([response.headers.get("content-length"), response.headers.get("etag")], ["5", '"x"']);
    assertEquals(test.balancer.snapshot().upstreams[0]?.inFlight, 0);
  });
}

Deno.test("fetch() counts a request as in flight until its body has ended", async () => {
  await using test = await testBalancer({ a: () => new Response("hello") });
  const response = await test.send("/");
  assertEquals(test.balancer.snapshot().upstreams[0]?.inFlight, 1);
  await response.text();
  assertEquals(test.balancer.snapshot().upstreams[0]?.inFlight, 0);
});

Deno.test("fetch() reads from the upstream only as fast as the client does", async () => {
  let pulled = 0;
  const endless = () =>
    new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull(controller) {
        pulled++;
        controller.enqueue(new Uint8Array(10));
      },
    }, { highWaterMark: 0 });
  await using test = await testBalancer({ a: () => new Response(endless()) });
  const reader = (await test.send("/")).body?.getReader();
  await reader?.read();
  await reader?.read();
  await test.clock.advance(10);
  assertEquals(pulled, 2);
  await reader?.cancel();
});

Deno.test("fetch() reads from the client only as fast as the upstream does", async () => {
  let pulled = 0;
  const endless = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      pulled++;
      controller.enqueue(new Uint8Array(10));
    },
  }, { highWaterMark: 0 });
  await using test = await testBalancer({
    a: async ({ body }) => {
      const reader = body?.getReader();
      await reader?.read();
      return new Response(null, { status: 413 });
    },
  });
  assertEquals((await test.send("/", { method: "POST", body: endless })).status, 413);
  assertEquals(pulled, 1);
});

Deno.test("fetch() cancels the upstream's request when the client leaves before the answer", async () => {
  let aborted: unknown;
  await using test = await testBalancer({
    a: (request, options) => {
      options.signal.addEventListener("abort", () => aborted = options.signal.reason);
      return silent(request, options);
    },
    b: echo,
  });
  const client = new AbortController();
  const answer = test.send("/", { signal: client.signal });
  await test.clock.advance(0);
  client.abort();
  await answer;
  assert(aborted instanceof AttemptError && aborted.failure.kind === "client_gone");
  assertEquals(test.transport.sent, ["a"]);
  assertEquals(test.balancer.snapshot().upstreams[0]?.failures, { client_gone: 1 });
});

Deno.test("fetch() cancels the upstream's answer when the client leaves in the middle of it", async () => {
  let cancelled = false;
  const endless = () =>
    new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: (controller) => controller.enqueue(new Uint8Array(10)),
      cancel: () => void (cancelled = true),
    });
  await using test = await testBalancer({ a: () => new Response(endless()) });
  const response = await test.send("/");
  await response.body?.cancel();
  assert(cancelled);
  const [upstream] = test.balancer.snapshot().upstreams;
  assertEquals([upstream?.inFlight, upstream?.failures], [0, { client_gone: 1 }]);
});

Deno.test("fetch() breaks the client's answer off when the upstream's breaks off, and does not end it as if whole", async () => {
  const broken = () =>
    new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => controller.enqueue(new Uint8Array(10)),
      pull: (controller) => controller.error(new Error("reset")),
    });
  await using test = await testBalancer({ a: () => new Response(broken()) });
  const response = await test.send("/");
  await assertRejects(() => response.text(), Error, "reset");
  assertEquals(test.balancer.snapshot().upstreams[0]?.failures, { truncated: 1 });
});

Deno.test("fetch() answers problems with the request's id, and says when to come back if nothing was sent", async () => {
  await using test = await testBalancer({ a: undefined });
  const response = await test.send("/", { headers: { "x-request-id": "r-1" } });
  assertEquals([response.status, response.headers.get("retry-after")], [503, "1"]);
  assertEquals(response.headers.get("content-type"), "application/problem+json");
  assertEquals(response.headers.get("x-request-id"), "r-1");
  const { title, status, request_id } = await response.json();
  assertEquals({ title, status, request_id }, {
    title: "Service Unavailable",
    status: 503,
    request_id: "r-1",
  });
});

Deno.test("fetch() answers 502 without Retry-After when an upstream broke its answer", async () => {
  await using test = await testBalancer({ a: failing("protocol_error") });
  const response = await test.send("/");
  assertEquals([response.status, response.headers.get("retry-after")], [502, null]);
});

Deno.test("fetch() answers 503 when there are no upstreams at all", async () => {
  await using test = await testBalancer({});
  assertEquals((await test.send("/")).status, 503);
  assertEquals(test.balancer.snapshot().refusals, { empty: 1 });
});
