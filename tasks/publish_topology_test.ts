import { publishedTopologySchema } from "@flotilla/gateway/topology";
import { assertEquals } from "@std/assert";
import { planProcesses } from "./plan.ts";
import { describeTopology } from "./publish_topology.ts";
import { topology } from "./topology.ts";
import { parseTopology } from "./topology_schema.ts";

const processes = planProcesses(parseTopology(topology, "topology.ts"), { data: "data" });
const described = describeTopology(processes);

function instance(name: string) {
  return described.instances.find((candidate) => candidate.name === name);
}

Deno.test("describeTopology() gives what gateways take", () => {
  assertEquals(publishedTopologySchema.parse(described), described);
});

Deno.test("describeTopology() counts tiers from the edge, with the stores behind all others", () => {
  const tiers = Object.fromEntries(described.instances.map(({ name, tier }) => [name, tier]));
  assertEquals(tiers, {
    load_balancer_api_gateway: 0,
    api_gateway_1: 1,
    api_gateway_2: 1,
    load_balancer_auth: 2,
    load_balancer_service: 2,
    load_balancer_worker: 2,
    auth_service_1: 3,
    auth_service_2: 3,
    service_1: 3,
    service_2: 3,
    worker_1: 3,
    worker_2: 3,
    cache: 4,
    database: 4,
    worker_cache: 4,
  });
});

Deno.test("describeTopology() tells where a balancer takes orders, and that others take none", () => {
  assertEquals(instance("load_balancer_api_gateway")?.adminOrigin, "http://127.0.0.1:8001");
  assertEquals(instance("load_balancer_api_gateway")?.ownOrigin, "http://127.0.0.1:8001");
  assertEquals(instance("service_1")?.adminOrigin, undefined);
  assertEquals(instance("service_1")?.ownOrigin, "http://127.0.0.1:5003");
});
