import { assertEquals } from "@std/assert";
import type { PlannedProcess } from "./plan.ts";
import { probeReadiness } from "./readiness_probe.ts";
import type { RoleName } from "./topology_schema.ts";
import { downIn } from "./upstream_check.ts";

const net = (await Deno.permissions.query({ name: "net" })).state === "granted";
const never = new AbortController().signal;

/** Asks a process of this role that answers as told. */
async function probe(
  role: RoleName,
  answers: Readonly<Record<string, Response>>,
): Promise<string | undefined> {
  const serve = { port: 0, hostname: "127.0.0.1", onListen: () => {} };
  await using server = Deno.serve(
    serve,
    (request) => answers[new URL(request.url).pathname] ?? new Response(null, { status: 404 }),
  );
  const plan: PlannedProcess = {
    name: "x",
    group: "x",
    role,
    host: "127.0.0.1",
    port: server.addr.port,
    flags: [],
    calls: [],
  };
  return await probeReadiness(plan, never);
}

const measures = (first: number, second: number) =>
  `# TYPE flotilla_balancer_upstream_up gauge
flotilla_balancer_upstream_up{upstream="127.0.0.1:5003"} ${first}
flotilla_balancer_upstream_up{upstream="127.0.0.1:5004"} ${second}
flotilla_balancer_upstream_weight{upstream="127.0.0.1:5004"} 0
`;

Deno.test("downIn() finds the upstreams whose measure is not 1", () => {
  assertEquals(downIn(measures(1, 0)), ["127.0.0.1:5004"]);
  assertEquals(downIn(measures(1, 1)), []);
});

Deno.test({
  name: "probeReadiness() is undefined for a process that is ready",
  ignore: !net,
  fn: async () => {
    assertEquals(await probe("service", { "/readyz": Response.json({ status: "ready" }) }), undefined);
  },
});

Deno.test({
  name: "probeReadiness() tells which check failed",
  ignore: !net,
  fn: async () => {
    const body = { status: "unready", checks: { database: "Connection refused", cache: "ok" } };
    assertEquals(
      await probe("service", { "/readyz": Response.json(body, { status: 503 }) }),
      "database: Connection refused",
    );
    assertEquals(await probe("store", { "/readyz": new Response(null, { status: 500 }) }), "answers 500");
  },
});

Deno.test({
  name: "probeReadiness() waits until a balancer has all of its upstreams",
  ignore: !net,
  fn: async () => {
    const balancer = (first: number, second: number) =>
      probe("balancer", {
        "/readyz": Response.json({ status: "ready" }),
        "/metrics": new Response(measures(first, second)),
      });
    assertEquals(await balancer(1, 0), "sends nothing to 127.0.0.1:5004 yet");
    assertEquals(await balancer(1, 1), undefined);
  },
});

Deno.test({
  name: "probeReadiness() tells that nothing answers",
  ignore: !net,
  fn: async () => {
    const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
    const { port } = listener.addr;
    listener.close();
    const plan: PlannedProcess = {
      name: "x",
      group: "x",
      role: "store",
      host: "127.0.0.1",
      port,
      flags: [],
      calls: [],
    };
    assertEquals(await probeReadiness(plan, never), "does not answer yet");
  },
});
