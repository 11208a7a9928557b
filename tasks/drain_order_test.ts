import { assertEquals, assertThrows } from "@std/assert";
import { drainOrder } from "./drain_order.ts";
import { planProcesses } from "./plan.ts";
import { topology } from "./topology.ts";
import { parseTopology, TopologyError } from "./topology_schema.ts";

Deno.test("drainOrder() goes from the edge inwards", () => {
  const tiers = drainOrder(planProcesses(parseTopology(topology, "topology.ts"), { data: "data" }));
  assertEquals(tiers.map((tier) => tier.map(({ name }) => name)), [
    ["load_balancer_api_gateway"],
    ["api_gateway_1", "api_gateway_2"],
    ["load_balancer_worker"],
    ["worker_1", "worker_2"],
    ["load_balancer_service", "worker_cache", "load_balancer_auth"],
    ["service_1", "service_2", "auth_service_1", "auth_service_2"],
    ["database", "cache"],
  ]);
});

Deno.test("drainOrder() names processes that call one another in a circle", () => {
  const circle = [
    { name: "edge", calls: ["a"] },
    { name: "a", calls: ["b"] },
    { name: "b", calls: ["a"] },
  ];
  assertThrows(() => drainOrder(circle), TopologyError, "a, b");
});
