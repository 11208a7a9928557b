import { ManualClock } from "@flotilla/runtime/testing";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { fixture, json } from "./testdata/fixture.ts";

const LIMIT = 262_144;

/** JSON of this length. */
function padded(length: number): string {
  return `{"value":1${" ".repeat(length - 11)}}`;
}

Deno.test("createGateway() answers 415 for content that is not JSON, and says what it takes", async () => {
  const { call, seen } = fixture();
  for (const type of ["text/plain", "application/json-seq", "application/x-www-form-urlencoded"]) {
    const response = await call(
      "/data",
      { method: "POST", body: "{}", headers: { "content-type": type } },
      "ann",
    );
    await response.body?.cancel();
    assertEquals([type, response.status], [type, 415]);
    assertEquals(response.headers.get("accept"), "application/json");
  }
  assertEquals(seen.length, 0);
});

Deno.test("createGateway() answers 415 for a wrong type of no content, and 400 for neither", async () => {
  const { call } = fixture();
  for (const [headers, status] of [[{ "content-type": "text/xml" }, 415], [{}, 400]] as const) {
    const response = await call("/data", { method: "POST", headers: { ...headers } }, "ann");
    await response.body?.cancel();
    assertEquals(response.status, status);
  }
});

Deno.test("createGateway() answers 415 for compressed content", async () => {
  const { call } = fixture();
  const response = await call("/data", json("POST", {}, { "content-encoding": "gzip" }), "ann");
  assertEquals([response.status, response.headers.get("accept-encoding")], [415, "identity"]);
  assertStringIncludes((await response.json()).detail, "compressed");
});

Deno.test("createGateway() takes JSON with parameters, and merge patches where one is due", async () => {
  const { call } = fixture();
  const types = [
    ["POST", "/data", "Application/JSON; charset=utf-8"],
    ["PATCH", "/data/x", "application/merge-patch+json"],
  ] as const;
  for (const [method, target, type] of types) {
    const init = { method, body: '{"value":1}', headers: { "content-type": type } };
    const response = await call(target, init, "ann");
    await response.body?.cancel();
    assertEquals([type, response.status], [type, 200]);
  }
});

Deno.test("createGateway() answers 413 by Content-Length before it reads a byte", async () => {
  const { call, seen } = fixture();
  let pulled = false;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulled = true;
      controller.close();
    },
  }, { highWaterMark: 0 });
  const headers = { "content-type": "application/json", "content-length": String(LIMIT + 1) };
  const response = await call("/data", { method: "POST", body, headers }, "ann");
  await response.body?.cancel();
  assertEquals([response.status, seen.length, pulled], [413, 0, false]);
});

for (const [method, target, how] of [["POST", "/data", "read"], ["PATCH", "/data/x", "streamed"]] as const) {
  Deno.test(`createGateway() answers 413 as soon as content that is ${how} is too long, and cancels the rest`, async () => {
    const cancelled = Promise.withResolvers<void>();
    const endless = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: (controller) => controller.enqueue(new Uint8Array(65_536).fill(0x20)),
      cancel: () => cancelled.resolve(),
    });
    const { call } = fixture();
    const headers = { "content-type": "application/json" };
    const response = await call(target, { method, body: endless, headers }, "ann");
    assertEquals(response.status, 413);
    assertStringIncludes((await response.json()).detail, String(LIMIT));
    await cancelled.promise;
  });

  Deno.test(`createGateway() takes content of just the limit that is ${how}`, async () => {
    const { call, seen } = fixture();
    const headers = { "content-type": "application/json" };
    const response = await call(target, { method, body: padded(LIMIT), headers }, "ann");
    await response.body?.cancel();
    assertEquals([response.status, seen[0]?.body.length], [200, LIMIT]);
  });
}

Deno.test("createGateway() passes content on as it was sent", async () => {
  const { call, seen } = fixture();
  const body = '{ "value" : 1.0, "id":"a" }';
  const init = { method: "POST", body, headers: { "content-type": "application/json" } };
  await (await call("/data", init, "ann")).body?.cancel();
  assertEquals(seen[0]?.body, body);
});

Deno.test("createGateway() begins to pass streamed content on before all of it is there", async () => {
  const [begun, rest] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const inner = async (request: Request) => {
    const reader = request.body?.getReader();
    await reader?.read();
    begun.resolve();
    while (!(await reader?.read())?.done) { /* the rest */ }
    return new Response("done");
  };
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async start(controller) {
      controller.enqueue(new TextEncoder().encode("{"));
      await rest.promise;
      controller.enqueue(new TextEncoder().encode("}"));
      controller.close();
    },
  });
  const headers = { "content-type": "application/json" };
  const { call } = fixture({ inner, unread: true });
  const pending = call("/data/x", { method: "PATCH", body, headers }, "ann");
  await begun.promise;
  rest.resolve();
  assertEquals(await (await pending).text(), "done");
});

Deno.test("createGateway() answers 400 for content that is not there, not JSON, or not UTF-8", async () => {
  const { call, seen } = fixture();
  const headers = { "content-type": "application/json" };
  for (const body of [undefined, "", "{", "{'a':1}", new Uint8Array([0x22, 0xff, 0x22])]) {
    const init = { method: "POST", headers, ...(body === undefined ? {} : { body }) };
    const response = await call("/data", init, "ann");
    await response.body?.cancel();
    assertEquals([body, response.status], [body, 400]);
  }
  assertEquals(seen.length, 0);
});

Deno.test("createGateway() answers 408 for content that does not come in time", async () => {
  const clock = new ManualClock();
  const cancelled = Promise.withResolvers<void>();
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) => controller.enqueue(new TextEncoder().encode("{")),
    cancel: () => cancelled.resolve(),
  });
  const { call } = fixture({ clock });
  const init = { method: "POST", body, headers: { "content-type": "application/json" } };
  const pending = call("/data", init, "ann");
  while (clock.pending === 0) await clock.advance(0);
  await clock.advance(10_000);
  const response = await pending;
  await response.body?.cancel();
  assertEquals(response.status, 408);
  await cancelled.promise;
});

Deno.test("createGateway() passes no content on where a route takes none", async () => {
  const { call, seen } = fixture();
  await (await call("/data/x", { method: "DELETE", body: "{}" }, "ann")).body?.cancel();
  assertEquals(seen[0]?.body, "");
});
