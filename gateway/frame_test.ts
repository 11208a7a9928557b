import { assertEquals } from "@std/assert";
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
