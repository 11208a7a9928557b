import { assert, assertEquals, assertThrows } from "@std/assert";
import { eventually } from "@flotilla/runtime/testing";
import { RunnerLab } from "../testing/runner_lab.ts";
import { read, START } from "../testing/tasks.ts";
import { keys } from "./keys.ts";
import { PermanentError } from "./define_task.ts";
import { TaskCancelledError, TaskTimeoutError } from "./run_errors.ts";
import { readLog } from "./task_log.ts";

/** Work that goes on until its signal is aborted, and then rejects with the reason. */
function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) =>
    signal.addEventListener("abort", () => reject(signal.reason), { once: true })
  );
}

Deno.test("Runner starts what another process has queued, woken by the store and not by a timer", async () => {
  await using lab = await RunnerLab.open();
  const runs: string[] = [];
  lab.runner({ run: ({ id }) => Promise.resolve(runs.push(id)) });
  await eventually(() => lab.clock.pending > 0);
  const task = await lab.queue();
  await lab.until(task, "succeeded");
  assertEquals(runs, [task.id]);
});

Deno.test("Runner forgets a place in the queue whose task is gone, and goes on with others", async () => {
  await using lab = await RunnerLab.open();
  const { id, owner, kind } = await lab.queue();
  await lab.kv.delete(keys.task({ owner: owner.subject, id }));
  const places = () => Array.fromAsync(lab.kv.list({ prefix: keys.ready(owner.subject, kind) }));
  assertEquals((await places()).length, 1);
  lab.runner({ run: () => Promise.resolve() });
  await lab.eventually(async () => (await places()).length === 0);
  await lab.until(await lab.queue(), "succeeded");
});

Deno.test("Runner fails a task whose outcome is larger than the store takes", async () => {
  await using lab = await RunnerLab.open();
  lab.runner({
    retry: { attempts: 3 },
    run: async ({ artifact }) => {
      for (let number = 0; number < 600; number++) {
        await artifact(`${number}_${"x".repeat(90)}`, "text/plain").write("a");
      }
    },
  });
  const failed = await lab.until(await lab.queue(), "failed");
  assert(failed.state.status === "failed");
  assertEquals([failed.attempt, failed.state.error.name], [1, "PermanentError"]);
});

Deno.test("Runner tries again with back-off, and fails when the attempts are used up", async () => {
  await using lab = await RunnerLab.open();
  let runs = 0;
  lab.runner({
    retry: { attempts: 3, base: 1_000, cap: 60_000 },
    run: () => Promise.reject(new Error(`run ${++runs}`)),
  });
  const task = await lab.queue();
  const failed = await lab.pass(async () => {
    const { task: now } = await read(lab.store, task);
    return now.state.status === "failed" && now;
  });
  assert(failed.state.status === "failed");
  assertEquals([failed.attempt, failed.failures, runs], [3, 3, 3]);
  assertEquals(failed.state.error, { name: "Error", message: "run 3" });
});

Deno.test("Runner does not try again what cannot help", async () => {
  await using lab = await RunnerLab.open();
  lab.runner({ run: () => Promise.reject(new PermanentError("no use")) });
  const failed = await lab.until(await lab.queue(), "failed");
  assertEquals(failed.attempt, 1);
});

Deno.test("Runner takes a kind that throws at once for one that fails", async () => {
  await using lab = await RunnerLab.open();
  lab.runner({
    retry: { attempts: 1 },
    run: () => {
      throw new TypeError("at once");
    },
  });
  await lab.until(await lab.queue(), "failed");
});

Deno.test("Runner ends a run that takes too long, and tells its code why", async () => {
  await using lab = await RunnerLab.open();
  const reasons: unknown[] = [];
  lab.runner({
    timeout: 5_000,
    retry: { attempts: 1 },
    run: ({ signal }) => untilAborted(signal).catch((reason) => Promise.reject(reasons.push(reason))),
  });
  const task = await lab.queue();
  await lab.until(task, "running");
  await lab.clock.advance(5_000);
  const failed = await lab.until(task, "failed");
  assert(failed.state.status === "failed" && reasons[0] instanceof TaskTimeoutError);
  assertEquals(failed.state.error.message, "The run took longer than 5000 ms");
});

Deno.test("Runner goes on with other tasks when a run ignores its signal", async () => {
  await using lab = await RunnerLab.open();
  let runs = 0;
  lab.runner({
    timeout: 5_000,
    retry: { attempts: 1 },
    run: () => ++runs === 1 ? new Promise(() => {}) : Promise.resolve(),
  }, { concurrency: 1 });
  const [first, second] = [await lab.queue({ id: "1" }), await lab.queue({ id: "2" })];
  await lab.until(first, "running");
  await lab.clock.advance(5_000);
  await lab.until(second, "succeeded");
});

Deno.test("Runner lets cancelling reach the running code at once", async () => {
  await using lab = await RunnerLab.open();
  const reasons: unknown[] = [];
  lab.runner({
    run: ({ signal }) => untilAborted(signal).catch((reason) => Promise.reject(reasons.push(reason))),
  });
  const task = await lab.queue();
  await lab.until(task, "running");
  const entry = await read(lab.store, task);
  await lab.store.change(entry, { type: "cancel", now: lab.clock.now(), retention: 60_000 });
  const cancelled = await lab.until(task, "cancelled");
  assert(reasons[0] instanceof TaskCancelledError);
  assertEquals(cancelled.failures, 0);
});

Deno.test("Runner.stop() hands tasks back, and another runner takes them up without waiting for a lease", async () => {
  await using lab = await RunnerLab.open();
  const first = lab.runner({ run: ({ signal }) => untilAborted(signal) });
  const task = await lab.queue();
  await lab.until(task, "running");
  lab.runner({ run: () => Promise.resolve("second") });
  await first.stop();
  const done = await lab.until(task, "succeeded");
  assertEquals([done.attempt, done.failures, done.losses], [2, 0, 0]);
  assertEquals(first.running, 0);
});

Deno.test("Runner.stop() lets tasks finish within the grace time", async () => {
  await using lab = await RunnerLab.open();
  const { promise, resolve } = Promise.withResolvers<string>();
  const runner = lab.runner({ run: () => promise }, { grace: 1_000 });
  const task = await lab.queue();
  await lab.until(task, "running");
  const stopped = runner.stop();
  resolve("in time");
  await stopped;
  const { state, attempt } = await lab.until(task, "succeeded");
  assertEquals([state.status === "succeeded" && state.result, attempt], [
    { kind: "inline", value: "in time" },
    1,
  ]);
});

Deno.test("Runner.stop() is safe before start and twice", async () => {
  await using lab = await RunnerLab.open();
  const runner = lab.runner({ run: () => Promise.resolve() });
  await Promise.all([runner.stop(), runner.stop()]);
});

Deno.test("Runner writes progress and the log while it runs", async () => {
  await using lab = await RunnerLab.open();
  lab.runner({
    run({ progress, log, signal }) {
      progress(0.25, "a quarter");
      progress(NaN);
      progress(0.5, "half");
      log("first line");
      return untilAborted(signal);
    },
  });
  const task = await lab.queue();
  const seen = await lab.pass(async () => {
    const { task: now } = await read(lab.store, task);
    return now.progress.fraction > 0 && now;
  });
  assertEquals(seen.progress, { fraction: 0.5, note: "half" });
  const [line] = await lab.eventually(async () => {
    const lines = await readLog(lab.kv, task.id);
    return lines.length > 0 && lines;
  });
  assertEquals([line?.line, line?.attempt], ["first line", 1]);
});

Deno.test("Runner keeps a large result as a file", async () => {
  await using lab = await RunnerLab.open();
  lab.runner({ run: () => Promise.resolve("x".repeat(200_000)) });
  const { state } = await lab.until(await lab.queue(), "succeeded");
  assert(state.status === "succeeded" && state.result.kind === "stored");
  assertEquals([state.result.file.size, state.files], [200_002, []]);
});

Deno.test("Runner asks an idle store little", async () => {
  await using lab = await RunnerLab.open();
  let requests = 0;
  for (const name of ["get", "getMany", "list", "atomic"] as const) {
    const own = lab.kv[name].bind(lab.kv);
    Object.assign(lab.kv, {
      [name]: (...args: unknown[]) => (requests++, Reflect.apply(own, undefined, args)),
    });
  }
  lab.runner({ run: () => Promise.resolve() });
  await eventually(() => lab.clock.pending > 0);
  for (let second = 0; second < 60; second++) {
    await lab.clock.advance(1_000);
    await eventually(() => lab.clock.pending > 0);
  }
  assert(requests > 0 && requests <= 60, `${requests} requests in a minute`);
});

Deno.test("new Runner() refuses numbers that cannot be", async () => {
  await using lab = await RunnerLab.open();
  const run = () => Promise.resolve();
  assertThrows(() => lab.runner({ run }, { concurrency: 0 }), RangeError, "got 0");
  assertThrows(() => lab.runner({ run }, { lease: 1_000, heartbeat: 600 }), RangeError, "got 600");
  assertThrows(() => lab.runner({ run, concurrency: 0 }), RangeError, "got 0");
});

Deno.test("Runner fires a recurring task once at each of its times, however many workers there are", async () => {
  await using lab = await RunnerLab.open();
  const runs: number[] = [];
  const run = () => Promise.resolve(runs.push(lab.clock.now()));
  for (let number = 0; number < 3; number++) lab.runner({ run });
  const repeat = { cron: "*/10 * * * *", time_zone: "UTC" };
  const start = lab.clock.now() + 600_000;
  await lab.queue({ repeat, state: { status: "scheduled", due: start } });
  const tasks = async () => await Array.fromAsync(lab.store.list("alice"));
  for (let beat = 0; beat < 3; beat++) {
    await lab.clock.advance(600_000);
    // Time stands while a task runs: a lease that ended meanwhile would have it run again.
    await lab.eventually(async () =>
      (await tasks()).filter(({ task }) => task.state.status === "succeeded").length > beat
    );
  }
  assertEquals(runs.map((time) => (time - start) / 600_000), [0, 1, 2]);
  const made = await tasks();
  assertEquals(made.filter(({ task }) => task.state.status === "scheduled").length, 1);
  assertEquals(new Set(made.map(({ task }) => task.schedule)).size, 1);
});

Deno.test("Runner makes up once for all the times that a recurring task missed while nothing ran", async () => {
  await using lab = await RunnerLab.open();
  const repeat = { cron: "0 * * * *", time_zone: "UTC" };
  await lab.queue({ repeat, state: { status: "scheduled", due: lab.clock.now() } });
  await lab.clock.advance(5.5 * 3_600_000);
  let runs = 0;
  lab.runner({ run: () => Promise.resolve(++runs) });
  await lab.eventually(() => runs > 0);
  const next = (await Array.fromAsync(lab.store.list("alice"))).map(({ task }) => task.state);
  assertEquals(next.find(({ status }) => status === "scheduled"), {
    status: "scheduled",
    due: START + 6 * 3_600_000,
  });
  assertEquals(runs, 1);
});
