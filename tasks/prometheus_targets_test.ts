import { assertEquals } from "@std/assert";
import { planProcesses } from "./plan.ts";
import { prometheusTargets } from "./prometheus_targets.ts";
import { scaleTopology } from "./scale.ts";
import { topology } from "./topology.ts";
import { parseTopology } from "./topology_schema.ts";

const home = parseTopology(topology, "tasks/topology.ts");

Deno.test("prometheusTargets() has every process once, balancers by their admin ports", () => {
  const targets = prometheusTargets(planProcesses(home, { data: "" }));
  assertEquals(targets.length, 15);
  assertEquals(targets[0], {
    targets: ["127.0.0.1:8001"],
    labels: { instance: "load_balancer_api_gateway", group: "load_balancer_api_gateway", role: "balancer" },
  });
});

Deno.test("prometheusTargets() has instances that joined", () => {
  const scaled = scaleTopology(home, [{ group: "service", count: 3 }], { isFree: () => true });
  const services = prometheusTargets(planProcesses(scaled, { data: "" }))
    .filter(({ labels }) => labels["group"] === "service");
  assertEquals(services.map(({ labels }) => labels["instance"]), ["service_1", "service_2", "service_3"]);
  assertEquals(services.at(-1)?.targets, ["127.0.0.1:5100"]);
});
