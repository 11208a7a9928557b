import { assert, assertEquals } from "@std/assert";
import { createRequestMaker } from "./request_maker.ts";
import { type Scenario, SCENARIOS } from "./scenario.ts";

function take(scenario: Scenario, count: number) {
  const maker = createRequestMaker(scenario, { seed: 3, makeKey: () => "key" });
  return Array.from({ length: count }, () => maker.next());
}

Deno.test("createRequestMaker() sends the same for the same seed, each step by its weight", () => {
  const requests = take(SCENARIOS.balancing, 1_000);
  assertEquals(requests, take(SCENARIOS.balancing, 1_000));
  const reads = requests.filter(({ step }) => step.name === "read a record").length;
  assert(reads > 750 && reads < 850, `${reads} of 1,000 with a share of 8 in 10`);
});

Deno.test("createRequestMaker() asks for popular records most often", () => {
  const ids = take(SCENARIOS.caching, 2_000).map(({ path }) => path);
  const times = (id: string) => ids.filter((path) => path === `/data/${id}`).length;
  assert(times("load_00000") > 5 * times("load_00200"));
});

Deno.test("createRequestMaker() gives each POST that may be repeated a key, and no other request", () => {
  for (const { step, headers } of take(SCENARIOS.failure, 200)) {
    assertEquals("idempotency-key" in headers, step.method === "POST");
  }
});

Deno.test("createRequestMaker() asks for tasks that were started, the latest, and for the list until then", () => {
  const [step] = SCENARIOS.failure.steps.filter(({ path }) => path.includes("{task}"));
  assert(step !== undefined);
  const maker = createRequestMaker({ ...SCENARIOS.failure, steps: [step] });
  assertEquals(maker.next().path, "/longtask");
  maker.remember("long ago");
  for (let turn = 0; turn < 32; turn++) maker.remember("new");
  assertEquals(maker.next().path, "/longtask/new");
});

Deno.test("SCENARIOS kill within their time, and stay below what a gateway lets one caller send", () => {
  for (const scenario of Object.values(SCENARIOS)) {
    assert(scenario.rate < 1_000 && scenario.kills.every(({ at }) => at > 0 && at < 1));
  }
});
