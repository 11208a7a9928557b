import { assertEquals, assertNotEquals } from "@std/assert";
import { fixture } from "./testdata/fixture.ts";

function answering(response: () => Response) {
  return fixture({ inner: () => Promise.resolve(response()) });
}

Deno.test("createGateway() names itself and the inner instance", async () => {
  const response = await fixture().call("/data", {}, "ann");
  await response.body?.cancel();
  assertEquals(response.headers.get("x-served-by"), "api_gateway_1");
  assertEquals(response.headers.get("x-upstream-served-by"), "service_1");
});

Deno.test("createGateway() keeps hop-by-hop and internal fields of the answer inside", async () => {
  const headers = {
    connection: "x-one-hop",
    "x-one-hop": "1",
    "keep-alive": "timeout=5",
    "x-flotilla-assertion": "secret",
    server: "inner/1",
    via: "1.1 load_balancer_service",
    etag: '"v1"',
  };
  const response = await answering(() => new Response("{}", { headers })).call("/data", {}, "ann");
  await response.body?.cancel();
  assertEquals(response.headers.get("etag"), '"v1"');
  for (const name of Object.keys(headers).filter((name) => name !== "etag")) {
    assertEquals(response.headers.get(name), null, name);
  }
});

Deno.test("createGateway() answers HEAD with the fields of GET and no content", async () => {
  const { call, seen } = answering(() => new Response("content", { headers: { "content-length": "7" } }));
  const response = await call("/data", { method: "HEAD" }, "ann");
  assertEquals([response.status, response.headers.get("content-length"), response.body], [200, "7", null]);
  assertEquals(seen[0]?.method, "GET");
});

Deno.test("createGateway() says nothing of the length to HEAD where it is not known", async () => {
  const cancelled = Promise.withResolvers<void>();
  const content = new ReadableStream({ cancel: () => cancelled.resolve() });
  const response = await answering(() => new Response(content)).call("/data", { method: "HEAD" }, "ann");
  await cancelled.promise;
  assertEquals(response.headers.get("content-length"), null);
  // A body of null would be sent with a length of 0.
  assertNotEquals(response.body, null);
  assertEquals(await response.text(), "");
});

Deno.test("createGateway() passes 304 and 204 on without content", async () => {
  for (const status of [204, 304]) {
    const { call, seen } = answering(() => new Response(null, { status, headers: { etag: '"v1"' } }));
    const response = await call("/data/x", { headers: { "if-none-match": '"v1"' } }, "ann");
    assertEquals([response.status, response.body, response.headers.get("etag")], [status, null, '"v1"']);
    assertEquals(seen[0]?.headers.get("if-none-match"), '"v1"');
  }
});

Deno.test("createGateway() does not follow redirects", async () => {
  const { call } = answering(() =>
    new Response(null, { status: 307, headers: { location: "http://elsewhere/" } })
  );
  assertEquals((await call("/data", {}, "ann")).status, 307);
});

Deno.test("createGateway() ends HEAD of a stream of events at once", async () => {
  const cancelled = Promise.withResolvers<void>();
  const { call } = answering(() =>
    new Response(new ReadableStream({ cancel: () => cancelled.resolve() }), {
      headers: { "content-type": "text/event-stream" },
    })
  );
  const response = await call("/data/events", { method: "HEAD" }, "ann");
  await cancelled.promise;
  assertEquals(await response.text(), "");
});
