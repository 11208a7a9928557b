import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { topology } from "../topology.ts";
import { parseTopology } from "../topology_schema.ts";
import { type Answer, type ApiClient, LoadError } from "./api_client.ts";
import { runExperiment } from "./experiment.ts";
import { SCENARIOS } from "./scenario.ts";
import { balancerPlan } from "./strategy_balancer.ts";
import { instanceToKill } from "./victims.ts";

const checked = parseTopology(topology, "test");

/** A system in memory whose tasks are over at once. */
function fakeClient(statusOf: (method: string) => number): ApiClient & { paths: string[] } {
  const paths: string[] = [];
  return {
    origin: "http://flotilla",
    paths,
    send({ method, path }): Promise<Answer> {
      paths.push(`${method} ${path}`);
      const [status, task] = [statusOf(method), method === "POST" ? `t${paths.length}` : undefined];
      return Promise.resolve({ kind: "answer", status, gateway: "g", upstream: "u", cached: true, task });
    },
    read: () => Promise.resolve({ status: "succeeded" }),
  };
}

Deno.test("runExperiment() writes the records, sends the load, kills in time, and waits for the tasks", async () => {
  const client = fakeClient((method) => method === "POST" ? 202 : 200);
  const report = await runExperiment(SCENARIOS.failure, {
    client,
    rate: 1_000,
    duration: 0.1,
    kill: ({ group }) => Promise.resolve({ instance: `${group}_1`, pid: 1 }),
  });
  assertEquals(client.paths.slice(0, 2), ["PUT /data/load_00000", "PUT /data/load_00001"]);
  assertEquals([report.requests, report.failed, client.paths.length], [100, 0, 150]);
  assertEquals(report.kills.map(({ instance }) => instance), ["service_1", "worker_1"]);
  assertEquals(report.tasks?.statuses, { succeeded: report.tasks?.started ?? 0 });
});

Deno.test("runExperiment() throws LoadError when the system takes no records, and when it cannot kill", async () => {
  const refusing = fakeClient(() => 403);
  await assertRejects(
    () => runExperiment(SCENARIOS.balancing, { client: refusing }),
    LoadError,
    "load_00000: 403",
  );
  const kill = () => Promise.reject(new LoadError("no such process"));
  const options = { client: fakeClient(() => 200), rate: 100, duration: 0.05, kill };
  await assertRejects(() => runExperiment(SCENARIOS.failure, options), LoadError, "no such process");
});

Deno.test("instanceToKill() finds the first of a group", () => {
  assertEquals(instanceToKill(checked, { group: "worker", at: 0.5 }).name, "worker_1");
  assertThrows(
    () => instanceToKill(checked, { group: "nobody", at: 0.5 }),
    LoadError,
    "the topology has none",
  );
});

Deno.test("balancerPlan() stands in front of the same gateways as the edge", () => {
  const { flags, calls } = balancerPlan(checked, { strategy: "peak-ewma", port: 1 });
  assertEquals(calls, ["api_gateway_1", "api_gateway_2"]);
  assertEquals(flags[0], ["strategy", "peak-ewma"]);
  assertEquals(flags.slice(1).map(([, value]) => value), ["http://127.0.0.1:5000", "http://127.0.0.1:5001"]);
});
