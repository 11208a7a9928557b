import { assert, assertEquals } from "@std/assert";
import { stripAnsiCode } from "@std/fmt/colors";
import { type PlannedProcess, planProcesses } from "../plan.ts";
import { parseTopology } from "../topology_schema.ts";
import { renderStatus } from "./status_view.ts";
import { type Fetcher, lookAround, systemStatus } from "./system_status.ts";

const processes = planProcesses(
  parseTopology({
    extraPorts: 100,
    groups: [
      { name: "edge", role: "balancer", port: 1, links: { upstream: "service" } },
      { name: "service", role: "service", ports: [2, 3] },
      { name: "worker", role: "worker", port: 4 },
    ],
  }, "test"),
  { data: "" },
);

/** A system of which each process tells these measures, and that answers nothing where there are none. */
function fakeSystem(measures: Record<number, string>): { fetch: Fetcher; asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    fetch(url) {
      const { port, pathname } = new URL(url);
      asked.push(`${port || 80}${pathname}`);
      const text = measures[Number(port)];
      if (text === undefined) return Promise.reject(new TypeError("connection refused"));
      if (pathname === "/readyz") {
        return Promise.resolve(new Response("", { status: port === "4" ? 503 : 200 }));
      }
      return Promise.resolve(new Response(pathname === "/metrics" ? text : "alive"));
    },
  };
}

function look(planned: readonly PlannedProcess[], measures: Record<number, string>, at: number) {
  return lookAround(planned, { fetch: fakeSystem(measures).fetch, now: () => at });
}

const edge = (answers: number, up = 1) =>
  `flotilla_balancer_requests_total ${answers}
flotilla_balancer_attempts_total{upstream="127.0.0.1:2"} ${answers}
flotilla_balancer_answers_total{upstream="127.0.0.1:2",class="2xx"} ${answers}
flotilla_balancer_upstream_up{upstream="127.0.0.1:2"} ${up}
flotilla_balancer_upstream_up{upstream="127.0.0.1:3"} 1
flotilla_balancer_upstream_ejected{upstream="127.0.0.1:3"} 1`;

const service = (requests: number, hits: number) =>
  `flotilla_request_duration_seconds_count{route="/data",status="2xx"} ${requests}
flotilla_request_duration_seconds_count{route="/data",status="5xx"} 2
flotilla_request_duration_seconds_count{route="/readyz",status="2xx"} 1000
flotilla_request_duration_seconds_bucket{route="/data",status="2xx",le="0.01"} ${requests}
flotilla_request_duration_seconds_bucket{route="/data",status="2xx",le="+Inf"} ${requests}
flotilla_requests_in_flight 3
flotilla_process_memory_bytes{kind="rss"} 1048576
flotilla_event_loop_lag_seconds_bucket{le="0.01"} ${requests}
flotilla_event_loop_lag_seconds_bucket{le="+Inf"} ${requests}
flotilla_service_cache_hits_total{layer="near"} ${hits}
flotilla_service_cache_misses_total{layer="near"} 99
flotilla_service_cache_misses_total{layer="shared"} 5`;

const worker = 'flotilla_worker_tasks{status="queued"} 4\nflotilla_worker_tasks{status="running"} 2';

Deno.test("systemStatus() tells rates between two looks, and leaves out looks at the process itself", async () => {
  const before = await look(
    processes,
    { 1: edge(10), 2: service(10, 0), 3: service(0, 0), 4: worker },
    1_000,
  );
  const now = await look(processes, { 1: edge(50), 2: service(30, 15), 3: service(0, 0), 4: worker }, 3_000);
  const { instances, totals, at } = systemStatus(before, now);
  assertEquals(at, "1970-01-01T00:00:03.000Z");
  const [balancer, first] = instances;
  assertEquals([balancer?.rps, first?.rps, first?.errors, first?.inFlight], [20, 10, 0, 2]);
  assertEquals([first?.p50, first?.lag, first?.memory, first?.hitRatio], [5, 9.9, 1_048_576, 1]);
  assertEquals(totals, { ready: 2, instances: 4, hitRatio: 1, queueDepth: 4, tasksRunning: 2 });
});

Deno.test("systemStatus() tells states as balancers see them, and of what is asked itself", async () => {
  const now = await look(processes, { 1: edge(10, 0), 2: service(1, 1), 3: service(1, 1), 4: worker }, 0);
  assertEquals(systemStatus([], now).instances.map(({ state }) => state), [
    "ready",
    "unready",
    "ejected",
    "unready",
  ]);
  const gone = systemStatus(now, await look(processes, { 1: edge(10) }, 1_000));
  assertEquals(gone.instances.map(({ state }) => state), ["ready", "down", "down", "down"]);
  assertEquals([gone.instances[1]?.rps, gone.totals.queueDepth], [null, null]);
  assertEquals(systemStatus([], await look(processes, {}, 5_000)).at, "1970-01-01T00:00:05.000Z");
});

Deno.test("systemStatus() tells of an instance that is drained", async () => {
  const drained = `${edge(10)}\nflotilla_balancer_upstream_draining{upstream="127.0.0.1:2"} 1`;
  const now = await look(processes, { 1: drained, 2: service(1, 1) }, 0);
  assertEquals(systemStatus([], now).instances[1]?.state, "draining");
});

Deno.test("systemStatus() counts from its start what another process at the same address tells", async () => {
  const before = await look(processes, { 1: edge(10), 2: service(1_000, 0) }, 0);
  const now = await look(processes, { 1: edge(10), 2: service(8, 0) }, 1_000);
  assertEquals(systemStatus(before, now).instances[1]?.rps, 10);
});

Deno.test("lookAround() does not ask for the readiness of what a balancer watches", async () => {
  const { fetch, asked } = fakeSystem({ 1: edge(1), 2: service(1, 1), 3: service(1, 1), 4: worker });
  await lookAround(processes, { fetch, now: () => 0 });
  assertEquals(asked.filter((request) => request.endsWith("/readyz")), ["1/readyz", "4/readyz"]);
});

Deno.test("renderStatus() has a row for each instance", async () => {
  const now = await look(processes, { 1: edge(10), 2: service(1, 1), 4: worker }, 0);
  const text = renderStatus(systemStatus([], now)).map(stripAnsiCode).join("\n");
  assert(/^service_1 +service +127\.0\.0\.1:2 +ready +2 +- /m.test(text), text);
  assert(/^service_2 +service +127\.0\.0\.1:3 +down +- /m.test(text), text);
  assert(text.endsWith("cache hits 1.0%, tasks waiting 4, running 2"), text);
});

Deno.test("renderStatus() leaves out what does not fit, and keeps the state", async () => {
  const status = systemStatus([], await look(processes, { 1: edge(10), 2: service(1, 1), 4: worker }, 0));
  for (const columns of [80, 60, 24]) {
    const lines = renderStatus(status, { columns }).map(stripAnsiCode).filter((line) =>
      /^(INST|service)/.test(line)
    );
    assertEquals(lines.filter((line) => line.length > columns), []);
    assert(/^INSTANCE +STATE/.test(lines[0] ?? ""), lines[0]);
  }
  const row = (columns: number) => stripAnsiCode(renderStatus(status, { columns })[2] ?? "");
  assertEquals(row(24), "INSTANCE   STATE");
});
