import { assertEquals, assertStringIncludes } from "@std/assert";
import { fixture } from "./testdata/fixture.ts";

Deno.test("createGateway() shows no metrics to what came through a proxy", async () => {
  const response = await fixture().call("/metrics", { headers: { via: "1.1 edge" } });
  await response.body?.cancel();
  assertEquals(response.status, 404);
});

Deno.test("createGateway() is ready when its checks are", async () => {
  const { call } = fixture({ checks: { keys: () => Promise.reject(new Error("not known yet")) } });
  const response = await call("/readyz");
  assertEquals([response.status, (await response.json()).checks], [503, { keys: "not known yet" }]);
});

Deno.test("createGateway() counts what it refuses, by status", async () => {
  const { call } = fixture();
  for (const target of ["/data", "/data", "/nothing"]) await (await call(target)).body?.cancel();
  const metrics = await (await call("/metrics")).text();
  assertStringIncludes(metrics, 'flotilla_gateway_refusals_total{status="401"} 2');
  assertStringIncludes(metrics, 'flotilla_gateway_refusals_total{status="404"} 1');
});

Deno.test("createGateway() ends streams of events when it drains, and lets go of the inner role", async () => {
  const cancelled = Promise.withResolvers<void>();
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode("data: 1\n\n")),
    cancel: () => cancelled.resolve(),
  });
  const headers = { "content-type": "text/event-stream" };
  const { gateway, call } = fixture({ inner: () => Promise.resolve(new Response(stream, { headers })) });
  const response = await call("/data/events", {}, "ann");
  gateway.drain();
  await cancelled.promise;
  await response.text();
});
