import { eventually } from "@flotilla/runtime/testing";
import { assert, assertEquals } from "@std/assert";
import { type Client, signIn } from "./client.ts";
import { killAndRecover, takesRequests } from "./recovery.ts";
import { type LoadRequest, type Outcome, steadyLoad } from "./steady_load.ts";
import { canStartSystem, startSystem, type System } from "./system.ts";

/** Requests a second. */
const RATE = 200;
/** Every process that has a twin, and the balancer in front of both. */
const REPLICATED = {
  service_1: "load_balancer_service",
  service_2: "load_balancer_service",
  api_gateway_1: "load_balancer_api_gateway",
  api_gateway_2: "load_balancer_api_gateway",
  auth_service_1: "load_balancer_auth",
  auth_service_2: "load_balancer_auth",
  worker_1: "load_balancer_worker",
  worker_2: "load_balancer_worker",
};

function request(client: Client, method: string, path: string, json?: unknown): LoadRequest {
  return {
    name: `${method} ${path}`,
    send: () => client.send(method, path, json === undefined ? {} : { json }),
  };
}

/** Idempotent requests that between them reach every replicated role. */
function idempotent(client: Client): LoadRequest[] {
  return [
    request(client, "GET", "/data/welcome"),
    {
      name: "PUT /data/:id",
      send: (turn) => client.send("PUT", `/data/steady-${turn % 64}`, { json: { value: turn } }),
    },
    request(client, "GET", "/auth/me"),
    request(client, "GET", "/longtask?limit=1"),
  ];
}

/** What failed, and how often. */
function failures(outcomes: readonly Outcome[]): Record<string, number> {
  const failed = outcomes.filter(({ failure }) => failure !== undefined);
  return Object.fromEntries(
    Object.entries(Object.groupBy(failed, ({ request, failure }) => `${request}: ${failure}`))
      .map(([what, each = []]) => [what, each.length]),
  );
}

async function killUnderLoad(system: System, name: string, balancer: string): Promise<void> {
  const client = await signIn(system.origin);
  const load = steadyLoad(idempotent(client), { rate: RATE });
  await eventually(() => load.outcomes.length >= RATE / 2, { what: "the load to flow" });
  await killAndRecover(system, name, balancer);
  const reached = load.outcomes.length;
  await eventually(() => load.outcomes.length >= reached + RATE / 2, { what: "the load to flow on" });
  const outcomes = await load.stop();
  assertEquals(failures(outcomes), {}, `${name}: of ${outcomes.length} requests`);
}

async function writesAfterDetection(system: System): Promise<void> {
  const client = await signIn(system.origin);
  const load = steadyLoad([request(client, "POST", "/data", { value: "new" })], { rate: RATE / 4 });
  await eventually(() => load.outcomes.length >= RATE / 4, { what: "the load to flow" });
  const before = system.pidOf("service_1");
  await system.kill("service_1");
  await eventually(async () => !await takesRequests(system, "load_balancer_service", "service_1"), {
    what: "the balancer to see it",
  });
  const seen = performance.now();
  await system.restarted("service_1", before);
  const reached = load.outcomes.length;
  await eventually(() => load.outcomes.length >= reached + RATE / 2, { what: "the load to flow on" });
  const outcomes = await load.stop();
  assertEquals(failures(outcomes.filter(({ sent }) => sent >= seen)), {});
}

async function databaseKeepsWhatItAcknowledged(system: System): Promise<void> {
  const client = await signIn(system.origin);
  const before = system.pidOf("database");
  const { status } = await client.send("POST", "/data", { json: { id: "acknowledged", value: 42 } });
  await system.kill("database");
  assertEquals(status, 201);
  await system.restarted("database", before);
  const found = await eventually(async () => {
    const answer = await client.send("GET", "/data/acknowledged");
    return answer.status === 503 ? undefined : answer;
  }, { timeout: 30_000, what: "the record" });
  assertEquals(found.status, 200, found.text);
}

Deno.test({
  name: "system: kill -9 of any replicated process under 200 requests a second",
  ignore: !canStartSystem,
  async fn(t) {
    await using system = await startSystem();
    for (const [name, balancer] of Object.entries(REPLICATED)) {
      await t.step(
        `no idempotent request fails when ${name} is killed, and it is started again`,
        () => killUnderLoad(system, name, balancer),
      );
    }
    await t.step(
      "once the balancer has seen a service die, no write fails either",
      () => writesAfterDetection(system),
    );
    await t.step(
      "what the database has acknowledged is there after kill -9",
      () => databaseKeepsWhatItAcknowledged(system),
    );
    await t.step("the supervisor said of each that it died and was started again", () => {
      const died = system.output.all(/^(\w+) +\| process \d+ was ended by SIGKILL; starts again in/);
      assert(died.length >= Object.keys(REPLICATED).length + 2, system.output.text);
    });
  },
});
