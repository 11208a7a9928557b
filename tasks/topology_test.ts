import { assertEquals } from "@std/assert";
import { planProcesses } from "./plan.ts";
import { topology } from "./topology.ts";
import { parseTopology } from "./topology_schema.ts";

Deno.test("topology is the fifteen processes of the design, on their ports", () => {
  const processes = planProcesses(parseTopology(topology, "topology.ts"), { data: "data" });
  assertEquals(Object.fromEntries(processes.map(({ name, port }) => [name, port])), {
    load_balancer_api_gateway: 8000,
    api_gateway_1: 5000,
    api_gateway_2: 5001,
    load_balancer_service: 5002,
    service_1: 5003,
    service_2: 5004,
    database: 5005,
    cache: 5006,
    load_balancer_worker: 5007,
    worker_1: 5008,
    worker_2: 5009,
    worker_cache: 5010,
    auth_service_1: 5011,
    auth_service_2: 5012,
    load_balancer_auth: 5013,
  });
});

Deno.test("topology gives each balancer a port to take orders on, beside the fifteen", () => {
  const processes = planProcesses(parseTopology(topology, "topology.ts"), { data: "data" });
  const taking = processes.filter(({ adminPort }) => adminPort !== undefined);
  assertEquals(Object.fromEntries(taking.map(({ name, adminPort }) => [name, adminPort])), {
    load_balancer_api_gateway: 8001,
    load_balancer_service: 8002,
    load_balancer_worker: 8003,
    load_balancer_auth: 8004,
  });
});

Deno.test("topology binds to loopback only", () => {
  const processes = planProcesses(parseTopology(topology, "topology.ts"), { data: "data" });
  assertEquals(new Set(processes.map(({ host }) => host)), new Set(["127.0.0.1"]));
});
