import { type Clock, sleep, systemClock, type Timer } from "@flotilla/runtime";
import { getLogger } from "@logtape/logtape";
import { sweepAgenda } from "./agenda.ts";
import { Bell } from "./bell.ts";
import type { TaskDefinition } from "./define_task.ts";
import { Lanes } from "./lanes.ts";
import { LeaseHold } from "./lease_hold.ts";
import { Permits } from "./permits.ts";
import { noRunnerMetrics, type RunnerMetrics } from "./runner_metrics.ts";
import type { ServiceCaller } from "./task_context.ts";
import type { Task } from "./task_state.ts";
import { TaskRun } from "./task_run.ts";
import { RefusedError, type TaskEntry, type TaskStore } from "./task_store.ts";
import { setImmediate } from "node:timers";
import { watchWake } from "./wake_watch.ts";

const logger = getLogger(["flotilla", "worker", "runner"]);

/** How a worker runs tasks. All times in milliseconds. */
export interface RunnerOptions {
  /** Where the tasks are. */
  store: TaskStore;
  /** The kinds that this worker runs; it leaves others to other workers. */
  kinds: ReadonlyMap<string, TaskDefinition>;
  /** The name of this worker, unique among those of the same store. */
  instance: string;
  /** Calls the data service on behalf of a task's owner. */
  service: (task: Task, signal: AbortSignal) => ServiceCaller;
  /** Tasks run at once. @default 4 */
  concurrency?: number;
  /** How long a worker that is silent keeps a task. @default 10_000 */
  lease?: number;
  /** Tasks of one owner that may run at once, over all workers. @default no limit */
  perOwner?: number | undefined;
  /** Time between two signs of life. @default a third of the lease */
  heartbeat?: number;
  /** Time between two writes of a run's progress. @default 500 */
  progressInterval?: number;
  /** How long an ended task is kept. @default 604_800_000 (a week) */
  retention?: number;
  /** How many workers may be lost with a task before it has failed. @default 8 */
  maxLosses?: number;
  /** How long running tasks may go on when the worker stops, before they are handed back. @default 1_000 */
  grace?: number;
  /** @default `systemClock` */
  clock?: Clock;
  /** @default none */
  metrics?: RunnerMetrics;
}

/**
 * Runs tasks: claims what is queued while it has room, keeps its leases, and moves on what falls due.
 *
 * It is woken by a watch on the store, by a timer for the next thing on the agenda, and by its own runs when they end;
 * between those it asks the store nothing. An idle runner looks at the agenda once a heartbeat, which is how it learns
 * of leases that others have taken meanwhile.
 */
export class Runner implements AsyncDisposable {
  readonly #options: Required<RunnerOptions>;
  readonly #lanes: Lanes;
  readonly #permits: Permits;
  readonly #bell = new Bell();
  readonly #runs = new Map<string, TaskRun>();
  /** Runs whose code has not ended. */
  #working = 0;
  readonly #stopping = new AbortController();
  #timer: Timer | undefined;
  #lookAgain = 0;
  #mayWait = true;
  #loop: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;

  /** @throws {RangeError} when a number cannot be */
  constructor(options: RunnerOptions) {
    const { lease = 10_000, heartbeat = lease / 3, concurrency = 4 } = options;
    if (!Number.isInteger(concurrency) || concurrency < 1) {
      throw new RangeError(`Cannot run tasks: concurrency must be a whole number from 1, got ${concurrency}`);
    }
    if (!(heartbeat > 0 && heartbeat * 2 <= lease)) {
      throw new RangeError(
        `Cannot run tasks: heartbeat must be at most half the lease of ${lease}, got ${heartbeat}`,
      );
    }
    this.#options = {
      perOwner: undefined,
      progressInterval: 500,
      retention: 604_800_000,
      maxLosses: 8,
      grace: 1_000,
      clock: systemClock,
      metrics: noRunnerMetrics,
      ...options,
      lease,
      heartbeat,
      concurrency,
    };
    this.#lanes = new Lanes(options.store);
    const limits = [...options.kinds.values()].flatMap(({ name, concurrency }) =>
      concurrency === undefined ? [] : [[name, concurrency] as const]
    );
    this.#permits = new Permits(options.store.kv, { kinds: new Map(limits), perOwner: options.perOwner });
  }

  /** How many tasks run here now. */
  get running(): number {
    return this.#runs.size;
  }

  /** Tells that a task was queued in this process, which is sooner than the watch does. */
  wake(): void {
    this.#mayWait = true;
    this.#lookAgain = 0;
    this.#bell.ring();
  }

  /** Begins to run tasks; does nothing when it has begun. */
  start(): void {
    this.#loop ??= this.#run();
  }

  /**
   * Ends it: nothing more is claimed, what runs has the grace time to finish and is then handed back, so that other
   * workers take it up at once. Stopping twice, or before it has started, is safe.
   */
  stop(): Promise<void> {
    return this.#stopped ??= this.#stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #stop(): Promise<void> {
    const { clock, grace } = this.#options;
    this.#stopping.abort();
    this.#bell.ring();
    await this.#loop;
    const runs = [...this.#runs.values()];
    const finished = Promise.all(runs.map(({ outcome }) => outcome));
    if (grace > 0) {
      const controller = new AbortController();
      await Promise.race([finished, sleep(grace, { clock, signal: controller.signal }).catch(() => {})]);
      controller.abort();
    }
    for (const run of runs) run.stop();
    await finished;
  }

  async #run(): Promise<void> {
    const { store, instance, clock } = this.#options;
    const { signal } = this.#stopping;
    const watching = watchWake(store.kv, {
      onWake: () => this.wake(),
      onInbox: () => this.#runs.forEach((run) => void run.look()),
    }, { holder: instance, clock, signal });
    while (!signal.aborted) {
      try {
        await this.#pass();
      } catch (error) {
        logger.warn("The store could not be asked for tasks: {error}", { error });
        this.#setTimer(clock.now() + 1_000);
      }
      if (!signal.aborted) await this.#bell.wait();
      // What ends or comes in the same turn is looked at together.
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#timer?.cancel();
    await watching;
  }

  /** One look at what there is to do. */
  async #pass(): Promise<void> {
    const { store, clock, maxLosses, retention, heartbeat } = this.#options;
    const now = clock.now();
    if (now >= this.#lookAgain) {
      const { moved, next } = await sweepAgenda(store, { now, maxLosses, retention });
      this.#lookAgain = Math.min(next ?? Infinity, now + heartbeat);
      // Should the watch ever miss something, the lanes are looked at too as often as the agenda.
      this.#mayWait = true;
      logger.debug("{moved} tasks fell due", { moved });
    }
    await this.#fill();
    this.#setTimer(this.#lookAgain);
  }

  /** Claims while there is room and something waits. */
  async #fill(): Promise<void> {
    const { concurrency, kinds } = this.#options;
    this.#permits.forget();
    while (this.#mayWait && !this.#stopping.signal.aborted) {
      // While outcomes are being written the next tasks may begin; a store that is away stops that at twice as many.
      const room = Math.min(concurrency - this.#working, 2 * concurrency - this.#runs.size);
      if (room <= 0) return;
      // A task that is queued from here on rings again.
      this.#mayWait = false;
      const candidates = await this.#lanes.next(
        room,
        (lane) => kinds.has(lane.kind) && !this.#permits.isFull(lane),
      );
      if (candidates.length === 0) return;
      this.#mayWait = true;
      await Promise.all(candidates.map((entry) => this.#claim(entry)));
    }
  }

  async #claim(entry: TaskEntry): Promise<void> {
    const { store, kinds, clock, lease, instance, metrics } = this.#options;
    const { kind, owner, state } = entry.task;
    const definition = kinds.get(kind);
    const permits = await this.#permits.find({ kind, owner: owner.subject });
    if (definition === undefined || permits === undefined) return;
    try {
      const hold = await LeaseHold.claim(store, entry, { clock, duration: lease, holder: instance, permits });
      const since = state.status === "queued" ? state.since : clock.now();
      metrics.started(kind, Math.max(0, clock.now() - since) / 1_000);
      this.#begin(hold, definition);
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      if (error.refused === "over") await this.#lanes.forget(entry);
    } finally {
      this.#permits.settle(permits);
    }
  }

  #begin(hold: LeaseHold, definition: TaskDefinition): void {
    const { store: { kv }, clock, heartbeat, progressInterval, retention, service, metrics } = this.#options;
    const started = clock.now();
    const run = new TaskRun(hold, definition, { kv, clock, heartbeat, progressInterval, retention, service });
    this.#runs.set(hold.token, run);
    this.#working++;
    void run.worked.then(() => {
      this.#working--;
      this.#mayWait = true;
      this.#bell.ring();
    });
    void run.outcome.then((outcome) => {
      this.#runs.delete(hold.token);
      metrics.finished(definition.name, outcome, (clock.now() - started) / 1_000);
      this.#mayWait = true;
      this.#bell.ring();
    });
  }

  #setTimer(at: number): void {
    const { clock } = this.#options;
    this.#timer?.cancel();
    if (this.#stopping.signal.aborted) return;
    this.#timer = clock.setTimeout(() => this.#bell.ring(), Math.max(0, at - clock.now()));
  }
}
