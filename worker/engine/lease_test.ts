import { assert, assertEquals } from "@std/assert";
import { partitionedKv } from "../testing/partitioned_kv.ts";
import { RunnerLab } from "../testing/runner_lab.ts";
import { read } from "../testing/tasks.ts";
import { keys } from "./keys.ts";
import { LeaseLostError } from "./run_errors.ts";
import { TaskStore } from "./task_store.ts";

Deno.test("a task whose worker was cut off is taken up by another, and only the other one's result counts", async () => {
  await using lab = await RunnerLab.open();
  const side = partitionedKv(lab.kv);
  const { promise, resolve } = Promise.withResolvers<string>();
  const reasons: unknown[] = [];
  const first = lab.runner({
    run({ signal }) {
      signal.addEventListener("abort", () => reasons.push(signal.reason));
      return promise;
    },
  }, { store: new TaskStore(side.kv, { clock: lab.clock }) });
  const task = await lab.queue();
  await lab.until(task, "running");
  side.cut = true;
  lab.runner({ run: () => Promise.resolve("second") });
  const done = await lab.pass(async () => {
    const { task: now } = await read(lab.store, task);
    return now.state.status === "succeeded" && now;
  });
  side.cut = false;
  resolve("first");
  await lab.pass(() => first.running === 0);
  assert(reasons[0] instanceof LeaseLostError);
  const { task: after } = await read(lab.store, task);
  assertEquals(after, done);
  assertEquals([after.attempt, after.losses], [2, 1]);
  assert(after.state.status === "succeeded");
  assertEquals(after.state.result, { kind: "inline", value: "second" });
});

Deno.test("a run goes on when its worker was blocked for longer than the lease and nobody took the task", async () => {
  await using lab = await RunnerLab.open();
  const { promise, resolve } = Promise.withResolvers<string>();
  lab.runner({ run: () => promise });
  const task = await lab.queue();
  const { state: before } = await lab.until(task, "running");
  assert(before.status === "running");
  // Time has passed, but no timer was called: the event loop was blocked.
  lab.clock.jump(60_000);
  const run = await read(lab.store, task);
  assertEquals(run.task.attempt, 1);
  resolve("late");
  const done = await lab.until(task, "succeeded");
  assertEquals([done.attempt, done.losses], [1, 0]);
});

/** When the lease ends that there is. */
async function leaseEnd(kv: Deno.Kv): Promise<number> {
  const [entry] = await Array.fromAsync(kv.list({ prefix: keys.agenda }));
  return Number(entry?.key[1]);
}

Deno.test("a run keeps its task for as long as it lasts", async () => {
  await using lab = await RunnerLab.open();
  const { promise, resolve } = Promise.withResolvers<string>();
  lab.runner({ run: () => promise });
  lab.runner({ run: () => promise });
  const task = await lab.queue();
  await lab.until(task, "running");
  for (let second = 0; second < 60; second++) {
    const due = lab.clock.now() + 1_000;
    await lab.clock.advance(1_000);
    await lab.eventually(async () => await leaseEnd(lab.kv) > due + 5_000);
  }
  resolve("done");
  assertEquals((await lab.until(task, "succeeded")).attempt, 1);
});

Deno.test("a run survives that the store is away for less than the lease, and so does its outcome", async () => {
  await using lab = await RunnerLab.open();
  const side = partitionedKv(lab.kv);
  const { promise, resolve } = Promise.withResolvers<string>();
  lab.runner({ run: () => promise }, { store: new TaskStore(side.kv, { clock: lab.clock }) });
  const task = await lab.queue();
  await lab.until(task, "running");
  side.cut = true;
  await lab.clock.advance(5_000);
  resolve("done");
  await lab.clock.advance(1_000);
  side.cut = false;
  const done = await lab.pass(async () => {
    const { task: now } = await read(lab.store, task);
    return now.state.status === "succeeded" && now;
  });
  assertEquals([done.attempt, done.losses], [1, 0]);
});
