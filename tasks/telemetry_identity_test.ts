import type { Environment } from "@flotilla/runtime";
import { assertEquals, assertExists } from "@std/assert";
import { planProcesses } from "./plan.ts";
import { telemetryFlags, telemetryIdentity } from "./telemetry_identity.ts";
import { topology } from "./topology.ts";
import { parseTopology } from "./topology_schema.ts";

const processes = planProcesses(parseTopology(topology, "topology.ts"), { data: "/flotilla/data" });

function identityOf(name: string, environment: Environment = {}): Record<string, string> {
  const process = processes.find((candidate) => candidate.name === name);
  assertExists(process);
  return telemetryIdentity(process, { processes, environment });
}

Deno.test("telemetryIdentity() names the group as the service and the process as its instance", () => {
  assertEquals(identityOf("worker_2", { OTEL_TRACES_SAMPLER: "always_on" }), {
    OTEL_SERVICE_NAME: "worker",
    OTEL_RESOURCE_ATTRIBUTES: "service.namespace=flotilla,service.instance.id=worker_2",
    OTEL_TRACES_SAMPLER: "parentbased_always_off",
    OTEL_DENO_METRICS: "false",
    OTEL_PROPAGATORS: "tracecontext",
  });
  assertEquals(identityOf("worker_2", { OTEL_DENO_METRICS: "true" })["OTEL_DENO_METRICS"], "true");
});

Deno.test("telemetryIdentity() lets the edge alone begin traces, by the sampler that the environment names", () => {
  const sampler = (environment: Environment) =>
    identityOf("load_balancer_api_gateway", environment)["OTEL_TRACES_SAMPLER"];
  assertEquals(sampler({}), "parentbased_always_on");
  assertEquals(sampler({ OTEL_TRACES_SAMPLER: "parentbased_traceidratio" }), "parentbased_traceidratio");
  const beginning = processes.map(({ name }) => identityOf(name)["OTEL_TRACES_SAMPLER"])
    .filter((name) => name !== "parentbased_always_off");
  assertEquals(beginning.length, 1);
});

Deno.test("telemetryFlags() bound the traces that begin at the edge, unless a sampler or the topology says otherwise", () => {
  const flagsOf = (environment: Environment) =>
    Object.fromEntries(
      processes.map((process) => [process.name, telemetryFlags(process, { processes, environment })]).filter((
        [, flags],
      ) => flags?.length),
    );
  assertEquals(flagsOf({}), {});
  const on = { OTEL_DENO: "true" };
  assertEquals(flagsOf(on), { load_balancer_api_gateway: ["--trace-rate=10"] });
  assertEquals(flagsOf({ ...on, OTEL_TRACES_SAMPLER: "traceidratio" }), {
    load_balancer_api_gateway: ["--trace-rate=unlimited"],
  });
  const [edge] = processes;
  assertExists(edge);
  const given = { ...edge, flags: [["trace-rate", "3"]] as const };
  assertEquals(telemetryFlags(given, { processes, environment: on }), []);
});
