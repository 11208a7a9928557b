import { createAdmin, createBalancer } from "@flotilla/balancer";
import { type Clock, ProblemError, systemClock } from "@flotilla/runtime";
import { eventually, ManualClock } from "@flotilla/runtime/testing";
import { assertEquals, assertRejects } from "@std/assert";
import { fakeLauncher } from "../fake_launcher.ts";
import { originOf, type PlannedProcess, planProcesses } from "../plan.ts";
import { Supervisor } from "../supervisor.ts";
import { parseTopology } from "../topology_schema.ts";
import { BalancerError } from "./balancer_client.ts";
import type { Order } from "./contract.ts";
import { Operator } from "./operator.ts";

const TOKEN = "a-token-of-enough-characters";

const topology = parseTopology({
  extraPorts: 5_100,
  groups: [
    { name: "edge", role: "balancer", port: 8_000, adminPort: 8_001, links: { upstream: "service" } },
    { name: "mute", role: "balancer", port: 8_010, links: { upstream: "worker" } },
    { name: "service", role: "service", ports: [5_003, 5_004], links: { database: "database" } },
    { name: "worker", role: "worker", ports: [5_008], links: { store: "database" } },
    { name: "database", role: "store", port: 5_005 },
  ],
}, "test");

/** A system of which only the balancer is real. */
async function setUp(options: { unready?: string; away?: boolean; clock?: Clock } = {}) {
  const launcher = fakeLauncher();
  const plan: ConstructorParameters<typeof Operator>[0]["plan"] = (of, standings) =>
    planProcesses(of, { data: "", standings });
  const plans = plan(topology, new Map());
  const upstreams = plans.filter(({ group }) => group === "service").map(originOf);
  const balancer = createBalancer({ upstreams, health: false });
  const admin = createAdmin({ balancer, token: TOKEN });
  const supervisor = new Supervisor(plans, {
    launch: launcher.launch,
    probe: ({ name }) => Promise.resolve(name === options.unready ? "not yet" : undefined),
  });
  supervisor.start();
  await supervisor.ready;
  const published: string[][] = [];
  const operator = new Operator({
    topology,
    plan,
    supervisor,
    publish: (processes: readonly PlannedProcess[]) => {
      published.push(processes.map(({ name }) => name));
      return Promise.resolve();
    },
    isFree: () => true,
    adminToken: TOKEN,
    fetch: (request) => options.away ? Promise.reject(new TypeError("refused")) : admin(request),
    clock: options.clock ?? systemClock,
  });
  const steps: string[] = [];
  const give = async (order: Order) => await (await operator.begin(order))((step) => steps.push(step));
  return {
    ...{ balancer, launcher, operator, published, steps, supervisor, give },
    names: () =>
      supervisor.processes.map(({ plan }) => plan.name).filter((name) => name.startsWith("service")),
    members: () =>
      balancer.snapshot().upstreams.map(({ id, weight, draining }) =>
        `${id} ${weight}${draining ? " drained" : ""}`
      ),
    planned: () =>
      supervisor.processes.find(({ plan }) => plan.name === "edge")?.plan.flags
        .filter(([flag]) => flag === "upstream").map(([, value]) => value.replace("http://127.0.0.1:", "")),
    async [Symbol.asyncDispose]() {
      await supervisor.stop();
      await balancer.close();
    },
  };
}

const scale = (count: number, group = "service"): Order => ({ order: "scale", group, count });

Deno.test("scale lets instances join when they are ready, and tells of them", async () => {
  await using system = await setUp();
  await system.give(scale(4));
  assertEquals(system.names(), ["service_1", "service_2", "service_3", "service_4"]);
  assertEquals(system.members().map((text) => text.slice(10)), ["5003 1", "5004 1", "5100 1", "5101 1"]);
  assertEquals(system.planned(), ["5003", "5004", "5100", "5101"]);
  assertEquals(system.published.length, 1);
  assertEquals(system.steps.slice(0, 2), [
    "service_3 starts on http://127.0.0.1:5100",
    "service_4 starts on http://127.0.0.1:5101",
  ]);
});

Deno.test("scale drains instances, lets them leave, and stops them then", async () => {
  await using system = await setUp();
  await system.give(scale(1));
  assertEquals(system.steps, [
    "service_2: no new requests",
    "service_2: idle",
    "service_2 has stopped",
  ]);
  assertEquals([system.names(), system.members(), system.planned()], [["service_1"], ["127.0.0.1:5003 1"], [
    "5003",
  ]]);
  await system.give(scale(2));
  assertEquals(system.planned(), ["5003", "5004"]);
});

Deno.test("scale takes back what it has started when an instance does not become ready", async () => {
  const clock = new ManualClock();
  await using system = await setUp({ unready: "service_4", clock });
  const refused = assertRejects(() => system.give(scale(4)), Error, "service_4 is not ready after 60 s");
  await eventually(() => system.steps.includes("service_3 is ready"));
  await clock.advance(60_000);
  await refused;
  assertEquals([system.names().length, system.members().length, system.planned()?.length], [2, 2, 2]);
  assertEquals(system.published, []);
  await system.give(scale(3));
});

Deno.test("scale refuses a second one while the first goes on", async () => {
  await using system = await setUp();
  const first = system.give(scale(3));
  await eventually(() => system.operator.system.scaling === "service");
  await assertRejects(() => system.give(scale(4)), ProblemError, "service is being scaled");
  await first;
  assertEquals(system.operator.system.scaling, null);
});

Deno.test("drain, resume and weigh tell the balancer, and are remembered for when it is started again", async () => {
  await using system = await setUp();
  await system.give({ order: "drain", instance: "service_1" });
  await system.give({ order: "weigh", instance: "service_1", weight: 2.5 });
  assertEquals(system.members(), ["127.0.0.1:5003 2.5 drained", "127.0.0.1:5004 1"]);
  assertEquals(system.planned(), ["5003;weight=2.5;draining=true", "5004"]);
  await system.give({ order: "resume", instance: "service_1" });
  assertEquals(system.members()[0], "127.0.0.1:5003 2.5");
  assertEquals(system.planned(), ["5003;weight=2.5", "5004"]);
});

Deno.test("drain and scale leave somebody who takes requests", async () => {
  await using system = await setUp();
  await system.give({ order: "drain", instance: "service_1" });
  const message = "edge would have nobody left who takes requests";
  const error = await assertRejects(
    () => system.give({ order: "drain", instance: "service_2" }),
    ProblemError,
    message,
  );
  assertEquals(error.status, 409);
  await assertRejects(() => system.give(scale(1)), ProblemError, message);
  assertEquals([system.names().length, system.members().length], [2, 2]);
});

Deno.test("drains begun at the same time leave somebody who takes requests", async () => {
  await using system = await setUp();
  const carryOuts = await Promise.all(
    ["service_1", "service_2"].map((instance) => system.operator.begin({ order: "drain", instance })),
  );
  const ends = await Promise.allSettled(carryOuts.map((carryOut) => carryOut(() => {})));
  assertEquals(ends.map(({ status }) => status), ["fulfilled", "rejected"]);
  assertEquals(system.members(), ["127.0.0.1:5003 1 drained", "127.0.0.1:5004 1"]);
  assertEquals(system.planned(), ["5003;draining=true", "5004"]);
});

Deno.test("begin() refuses what is not there and what can never be done", async () => {
  await using system = await setUp();
  const cases: [Order, number][] = [
    [{ order: "drain", instance: "service_9" }, 404],
    [{ order: "weigh", instance: "database", weight: 1 }, 422],
    [{ order: "drain", instance: "worker_1" }, 422],
    [scale(2, "nobody"), 422],
    [scale(2, "database"), 422],
    [scale(2, "worker"), 422],
  ];
  for (const [order, status] of cases) {
    assertEquals((await assertRejects(() => system.operator.begin(order), ProblemError)).status, status);
  }
});

Deno.test("an order that only some balancers take is taken back there", async () => {
  const group = (name: string, port: number) => ({
    ...{ name, role: "balancer", port, adminPort: port + 1, links: { upstream: "service" } },
  });
  const two = parseTopology({
    extraPorts: 5_100,
    groups: [
      group("first", 8_000),
      group("second", 8_010),
      { name: "service", role: "service", ports: [5_003, 5_004], links: { database: "database" } },
      { name: "database", role: "store", port: 5_005 },
    ],
  }, "test");
  const clock = new ManualClock();
  const upstreams = ["http://127.0.0.1:5003", "http://127.0.0.1:5004"];
  await using balancer = createBalancer({ upstreams, health: false });
  const admin = createAdmin({ balancer, token: TOKEN });
  const operator = new Operator({
    topology: two,
    plan: (of, standings) => planProcesses(of, { data: "", standings }),
    supervisor: {
      add: () => Promise.resolve(),
      remove: () => Promise.resolve(true),
      replan() {},
      processes: [],
    },
    publish: () => Promise.resolve(),
    isFree: () => true,
    adminToken: TOKEN,
    fetch: (request) =>
      request.url.includes(":8011") && request.method !== "GET"
        ? Promise.resolve(Response.json({ detail: "no" }, { status: 500 }))
        : admin(request),
    clock,
  });
  const standing = () => {
    const [first] = balancer.snapshot().upstreams;
    return [first?.weight, first?.draining];
  };
  const orders: Order[] = [
    { order: "drain", instance: "service_1" },
    { order: "weigh", instance: "service_1", weight: 3 },
  ];
  for (const order of orders) {
    const carryOut = await operator.begin(order);
    await assertRejects(() => carryOut(() => {}), BalancerError, "second refuses: no");
    assertEquals(standing(), [1, false]);
  }
});

Deno.test("an order that a balancer does not take changes nothing", async () => {
  const clock = new ManualClock();
  await using system = await setUp({ away: true, clock });
  const carryOut = await system.operator.begin({ order: "weigh", instance: "service_1", weight: 2 });
  const failed = assertRejects(() => carryOut(() => {}), Error, "edge does not answer");
  await eventually(() => system.planned()?.[0] === "5003;weight=2");
  await clock.advance(10_000);
  await failed;
  assertEquals(system.planned(), ["5003", "5004"]);
});
