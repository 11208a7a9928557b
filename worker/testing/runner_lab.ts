import { eventually, ManualClock } from "@flotilla/runtime/testing";
import { z } from "zod";
import { defineTask, type TaskOptions } from "../engine/define_task.ts";
import { Runner } from "../engine/runner.ts";
import type { RunnerOptions } from "../engine/runner_options.ts";
import type { Task, TaskStatus } from "../engine/task_state.ts";
import { TaskStore } from "../engine/task_store.ts";
import { read, stored, type TestTask } from "./tasks.ts";

/** The options of a kind of task named `test` that takes anything. */
export type TestKind = Partial<TaskOptions<unknown>> & Pick<TaskOptions<unknown>, "run">;

/** One store, a clock that is moved by hand, and runners on it. */
export class RunnerLab implements AsyncDisposable {
  readonly kv: Deno.Kv;
  readonly clock = new ManualClock();
  readonly store: TaskStore;
  readonly #runners: Runner[] = [];

  private constructor(kv: Deno.Kv) {
    this.kv = kv;
    this.store = new TaskStore(kv, { clock: this.clock });
  }

  static async open(): Promise<RunnerLab> {
    return new RunnerLab(await Deno.openKv(":memory:"));
  }

  /** Starts a runner of one kind of task; it is stopped with the lab. */
  runner(kind: TestKind, options: Partial<RunnerOptions> = {}): Runner {
    const definition = defineTask({ name: "test", input: z.unknown(), ...kind });
    const runner = new Runner({
      store: this.store,
      kinds: new Map([[definition.name, definition]]),
      instance: `runner_${this.#runners.length + 1}`,
      service: () => () => Promise.reject(new Error("There is no service here")),
      grace: 0,
      announceAfter: 0,
      clock: this.clock,
      ...options,
    });
    this.#runners.push(runner);
    runner.start();
    return runner;
  }

  /** Queues a task, as another process would: the runners hear of it through the store. */
  async queue(options: TestTask = {}): Promise<Task> {
    return (await stored(this.store, { now: this.clock.now(), ...options })).task;
  }

  /** Waits until the task has the status, with time standing still. */
  async until(task: Task, status: TaskStatus): Promise<Task> {
    return await this.eventually(async () => {
      const entry = await read(this.store, task);
      return entry.task.state.status === status && entry.task;
    }, `task ${task.id} to be ${status}`);
  }

  /**
   * Waits for the condition with time standing still. What is due now is done now: a runner that the store answers late may
   * find that its next heart-beat is due already, and without this nothing would ever call it.
   */
  async eventually<T>(
    condition: () => T | Promise<T>,
    what = "the condition, with time standing still",
  ): Promise<Exclude<T, false | null | undefined>> {
    return await eventually(async () => {
      await this.clock.advance(0);
      return await condition();
    }, { what });
  }

  /** Moves time on, step by step, until the condition is met. */
  async pass<T>(condition: () => T | Promise<T>, step = 100): Promise<Exclude<T, false | null | undefined>> {
    return await eventually(async () => {
      await this.clock.advance(step);
      return await condition();
    }, { interval: 0, what: "the condition, with time passing" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#runners.map((runner) => runner.stop()));
    this.kv.close();
  }
}
