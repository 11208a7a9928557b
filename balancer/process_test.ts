import { assertEquals } from "@std/assert";
import { createEndpoints, mainPort } from "./process.ts";
import { echo } from "./testing/fake_transport.ts";
import { testBalancer } from "./testing/test_balancer.ts";

const ask = (path: string, headers: HeadersInit = {}) =>
  new Request(`http://balancer.test${path}`, { headers });

Deno.test("createEndpoints() says whether an upstream can take requests", async () => {
  await using test = await testBalancer({ a: echo });
  const endpoints = createEndpoints(test.balancer, { instance: "balancer_1" });
  const ready = await endpoints.answer(ask("/readyz"));
  assertEquals([ready?.status, ready?.headers.get("x-served-by")], [200, "balancer_1"]);
  test.balancer.update([]);
  assertEquals((await endpoints.answer(ask("/readyz")))?.status, 503);
  assertEquals((await endpoints.answer(ask("/healthz")))?.status, 200);
});

Deno.test("createEndpoints() turns unready when it drains, and notes who has seen it", async () => {
  await using test = await testBalancer({ a: echo });
  const endpoints = createEndpoints(test.balancer, { instance: "balancer_1" });
  await endpoints.answer(ask("/readyz"));
  assertEquals([endpoints.lastProbed > 0, endpoints.drainSeen], [true, 0]);
  endpoints.drain();
  const response = await endpoints.answer(ask("/readyz"));
  assertEquals([response?.status, (await response?.json()).status], [503, "draining"]);
  assertEquals(endpoints.drainSeen > 0, true);
});

Deno.test("createEndpoints() shows no measures to who comes through a proxy", async () => {
  await using test = await testBalancer({ a: echo });
  const endpoints = createEndpoints(test.balancer, { instance: "balancer_1" });
  assertEquals(endpoints.answer(ask("/metrics", { via: "1.1 outer" })), undefined);
  assertEquals((await endpoints.answer(ask("/metrics")))?.status, 200);
});

Deno.test("mainPort() answers its own endpoints, and passes them on when they have a port of their own", async () => {
  await using test = await testBalancer({ a: echo });
  const endpoints = createEndpoints(test.balancer, { instance: "balancer_1" });
  for (const [pure, upstream] of [[false, undefined], [true, "a"]] as const) {
    const port = mainPort({ balancer: test.balancer, endpoints, pure });
    assertEquals((await (await port.fetch(ask("/healthz"))).json()).upstream, upstream);
    assertEquals((await (await port.fetch(ask("/other"))).json()).upstream, "a");
  }
});
