import { ProblemError } from "@flotilla/runtime";
import { eventually } from "@flotilla/runtime/testing";
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Order } from "./contract.ts";
import { createControl, type SettledOrder } from "./control_api.ts";
import { ControlClient, ControlError, isRunning } from "./control_client.ts";
import type { CarryOut } from "./operator.ts";

const TOKEN = "a-token-of-enough-characters";
const FILE = { origin: "http://127.0.0.1:40123", run: "run-1", pid: 1 };

const ORDER: Order = { order: "drain", instance: "service_1" };

function setUp(
  begin: (order: Order) => Promise<CarryOut>,
  options: { ready?: boolean; token?: string } = {},
) {
  const { ready = true, token = TOKEN } = options;
  const settled: SettledOrder[] = [];
  const control = createControl({
    operator: { begin, system: { processes: [], scaling: null } },
    token: TOKEN,
    run: "run-1",
    ready: () => ready,
    settled: (order) => settled.push(order),
  });
  const client = new ControlClient(FILE, { token, fetch: control });
  const steps: string[] = [];
  const give = (order: Order) => client.order(order, { by: "somebody", tell: (step) => steps.push(step) });
  return { client, control, give, settled, steps };
}

const twoSteps = (): Promise<CarryOut> =>
  Promise.resolve((tell) => {
    tell("one");
    tell("two");
    return Promise.resolve();
  });

Deno.test("createControl() tells step by step, and how it ended", async () => {
  const { give, settled, steps } = setUp(twoSteps);
  await give(ORDER);
  assertEquals(steps, ["one", "two"]);
  assertEquals(settled, [{ order: ORDER, by: "somebody", failure: undefined }]);
});

Deno.test("createControl() tells why an order was refused or failed", async () => {
  const failing = setUp(() => Promise.resolve(() => Promise.reject(new Error("edge does not answer"))));
  await assertRejects(() => failing.give(ORDER), ControlError, "edge does not answer");
  const refusing = setUp(() => Promise.reject(new ProblemError(409, "service is being scaled")));
  await assertRejects(() => refusing.give(ORDER), ControlError, "service is being scaled");
  const early = setUp(twoSteps, { ready: false });
  await assertRejects(() => early.give(ORDER), ControlError, "not ready yet");
  const failures = [failing, refusing, early].map(({ settled }) => settled[0]?.failure);
  assertEquals(failures, ["edge does not answer", "service is being scaled", "The system is not ready yet"]);
});

Deno.test("createControl() takes orders from nobody without the token, and none that is no order", async () => {
  const { control, settled } = setUp(twoSteps);
  const stranger = setUp(twoSteps, { token: "another-token" });
  await assertRejects(() => stranger.client.system(), ControlError, "FLOTILLA_ADMIN_TOKEN");
  const post = async (body: string) => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    return (await control(new Request(`${FILE.origin}/orders`, { method: "POST", headers, body }))).status;
  };
  const orders = [
    { order: "scale", group: "service", count: 0 },
    { order: "scale", group: "service", count: 65 },
    { order: "weigh", instance: "service_1", weight: 0 },
    { order: "kill", instance: "service_1" },
  ];
  for (const order of orders) assertEquals(await post(JSON.stringify({ by: "somebody", order })), 422);
  assertEquals([await post("no JSON"), await post("{}"), settled.length], [400, 422, 0]);
});

Deno.test("createControl() brings an order to its end though nobody listens any more", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { control, settled } = setUp(() => Promise.resolve(() => promise));
  const headers = { authorization: `Bearer ${TOKEN}` };
  const body = JSON.stringify({ by: "somebody", order: ORDER });
  const response = await control(new Request(`${FILE.origin}/orders`, { method: "POST", headers, body }));
  await response.body?.cancel();
  resolve();
  await eventually(() => settled.length === 1);
  assertEquals(settled[0]?.failure, undefined);
});

Deno.test("ControlClient says so when the system stops before an order was carried out", async () => {
  const broken = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) => controller.error(new TypeError("error reading a body from connection")),
  });
  for (const body of [broken, ""]) {
    const client = new ControlClient(FILE, {
      token: TOKEN,
      fetch: () => Promise.resolve(new Response(body)),
    });
    await assertRejects(
      () => client.order(ORDER, { by: "somebody", tell: () => {} }),
      ControlError,
      "stopped before",
    );
  }
});

Deno.test("isRunning() knows a system by its run, so that nobody else is shown the token", async () => {
  const { control } = setUp(twoSteps);
  assert(await isRunning(FILE, control));
  assertEquals(await isRunning({ ...FILE, run: "run-0" }, control), false);
  assertEquals(await isRunning(FILE, () => Promise.resolve(new Response("hello"))), false);
  assertEquals(await isRunning(FILE, () => Promise.reject(new TypeError("refused"))), false);
});
