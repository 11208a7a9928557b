import { assertEquals, assertStringIncludes } from "@std/assert";
import { fixture, json } from "./testdata/fixture.ts";

const LIMIT = 262_144;

function chunks(count: number, size: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  let sent = 0;
  return new ReadableStream({
    pull(controller) {
      if (sent++ < count) controller.enqueue(new Uint8Array(size).fill(0x20));
      else controller.close();
    },
  });
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
    const response = await call(target, { method, body: "{}", headers: { "content-type": type } }, "ann");
    await response.body?.cancel();
    assertEquals(response.status, 200);
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

Deno.test("createGateway() answers 413 as soon as streamed content is too long, and cancels the rest", async () => {
  const cancelled = Promise.withResolvers<void>();
  const endless = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull: (controller) => controller.enqueue(new Uint8Array(65_536).fill(0x20)),
    cancel: () => cancelled.resolve(),
  });
  const { call } = fixture();
  const headers = { "content-type": "application/json" };
  const response = await call("/data", { method: "POST", body: endless, headers }, "ann");
  assertEquals(response.status, 413);
  assertStringIncludes((await response.json()).detail, String(LIMIT));
  await cancelled.promise;
});

Deno.test("createGateway() takes content of just the limit", async () => {
  const { call, seen } = fixture();
  const body = chunks(4, LIMIT / 4);
  const response = await call(
    "/data",
    { method: "POST", body, headers: { "content-type": "application/json" } },
    "ann",
  );
  await response.body?.cancel();
  assertEquals([response.status, seen[0]?.body.length], [200, LIMIT]);
});

Deno.test("createGateway() passes no content on where a route takes none", async () => {
  const { call, seen } = fixture();
  await (await call("/data/x", { method: "DELETE", body: "{}" }, "ann")).body?.cancel();
  assertEquals(seen[0]?.body, "");
});
