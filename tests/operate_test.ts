import { eventually } from "@flotilla/runtime/testing";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { z } from "zod";
import { type Client, send, signIn } from "./client.ts";
import { giveOrder, order } from "./order.ts";
import { type LoadRequest, type Outcome, steadyLoad } from "./steady_load.ts";
import { canStartSystem, startSystem, type System } from "./system.ts";

const controlSchema = z.object({ origin: z.url() });

/** Requests a second. */
const RATE = 100;

/** Requests that reach services, auth services and workers; a POST is not sent a second time by anybody. */
function mixed(client: Client): LoadRequest[] {
  const request = (method: string, path: string, json?: unknown): LoadRequest => ({
    name: `${method} ${path}`,
    send: () => client.send(method, path, json === undefined ? {} : { json }),
  });
  return [
    request("GET", "/data/welcome"),
    request("POST", "/data", { value: "new" }),
    request("GET", "/auth/me"),
    request("GET", "/longtask?limit=1"),
  ];
}

function failures(outcomes: readonly Outcome[]): string[] {
  return outcomes.flatMap(({ request, failure }) => failure === undefined ? [] : [`${request}: ${failure}`]);
}

/** Does something while requests come in, none of which may fail. */
async function underLoad(system: System, act: (client: Client) => Promise<void>): Promise<void> {
  const client = await signIn(system.origin);
  const load = steadyLoad(mixed(client), { rate: RATE });
  await act(client);
  const reached = load.outcomes.length;
  await eventually(() => load.outcomes.length >= reached + RATE / 2, { what: "the load to flow on" });
  const outcomes = await load.stop();
  assertEquals(failures(outcomes), [], `of ${outcomes.length} requests`);
}

async function servedBy(client: Client, name: string): Promise<void> {
  await eventually(async () => {
    const { headers } = await client.send("GET", "/data/welcome");
    return headers.get("x-upstream-served-by") === name;
  }, { what: `an answer of ${name}` });
}

/** Who answers a few requests now. */
async function answerers(client: Client): Promise<Set<string>> {
  const answers = await Promise.all(Array.from({ length: 12 }, () => client.send("GET", "/data/welcome")));
  return new Set(answers.map(({ headers }) => headers.get("x-upstream-served-by") ?? "nobody"));
}

async function scalesUpAndDown(system: System): Promise<void> {
  await underLoad(system, async (client) => {
    await order(system, "scale", "service=4");
    for (const name of ["service_3", "service_4"]) await servedBy(client, name);
    assertStringIncludes(await order(system, "scale", "service=2"), "service_4 has stopped");
    assertEquals(await answerers(client), new Set(["service_1", "service_2"]));
  });
}

async function drainsAndUndrains(system: System): Promise<void> {
  await underLoad(system, async (client) => {
    assertStringIncludes(await order(system, "drain", "service_1"), "service_1: idle");
    assertEquals(await answerers(client), new Set(["service_2"]));
    await order(system, "undrain", "service_1");
    await servedBy(client, "service_1");
  });
}

/** A balancer that dies comes back with the members that it had, not with those that it was first started with. */
async function remembers(system: System): Promise<void> {
  await order(system, "scale", "service=3");
  const targets = await Deno.readTextFile(`${system.data}/prometheus_targets.json`);
  assertStringIncludes(targets, '"service_3"');
  await order(system, "drain", "service_1");
  const before = system.pidOf("load_balancer_service");
  await system.kill("load_balancer_service");
  await system.restarted("load_balancer_service", before);
  const client = await signIn(system.origin);
  for (const name of ["service_2", "service_3"]) await servedBy(client, name);
  assertEquals(await answerers(client), new Set(["service_2", "service_3"]));
}

async function refuses(system: System): Promise<void> {
  const cases = [
    ["scale", "nobody=2", "there is no such group"],
    ["scale", "database=2", "it is a single process"],
    ["scale", "service=0", "must be from 1 to 64 instances"],
    ["drain", "service_9", "There is no instance service_9"],
    ["drain", "database", "No balancer stands in front of database"],
    ["weigh", "service_1=0", "above 0"],
  ] as const;
  for (const [name, operand, reason] of cases) {
    const { code, text } = await giveOrder(system, name, operand);
    assert(code !== 0, text);
    assertStringIncludes(text, reason);
  }
  await order(system, "drain", "worker_1");
  const { text } = await giveOrder(system, "drain", "worker_2");
  assertStringIncludes(text, "load_balancer_worker would have nobody left who takes requests");
}

async function wantsTheToken(system: System): Promise<void> {
  const { code, text } = await giveOrder(system, "drain", "service_2", {
    FLOTILLA_ADMIN_TOKEN: "another-token-of-enough-characters",
  });
  assertEquals(code, 1);
  assertStringIncludes(text, "FLOTILLA_ADMIN_TOKEN");
  const { origin } = controlSchema.parse(JSON.parse(await Deno.readTextFile(`${system.data}/control.json`)));
  assertEquals((await send(origin, "POST", "/orders", { json: {} })).status, 401);
  assertEquals((await send(origin, "GET", "/system")).status, 401);
}

Deno.test({
  name: "system: it is scaled, drained and undrained while it runs",
  ignore: !canStartSystem,
  async fn(t) {
    await using system = await startSystem();
    await t.step("no request fails while services come and go", () => scalesUpAndDown(system));
    await t.step(
      "no request fails while a service is drained and undrained",
      () => drainsAndUndrains(system),
    );
    await t.step("a balancer that dies comes back with the members that it had", () => remembers(system));
    await t.step("what cannot be done is refused, and told why", () => refuses(system));
    await t.step("orders are taken from nobody without the token", () => wantsTheToken(system));
    await t.step("Ctrl-C stops what was added as well", async () => {
      const { code } = await system.stop();
      assertEquals(code, 0, system.output.text);
      assertStringIncludes(system.output.text, "service scaled to 3 (again with --scale service=3)");
      assertStringIncludes(system.output.text, "worker_1 drained");
      const { code: refused, text } = await giveOrder(system, "drain", "service_1");
      assertEquals(refused, 1);
      assertStringIncludes(text, "No system runs");
    });
  },
});
