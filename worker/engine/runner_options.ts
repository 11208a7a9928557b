import { type Clock, systemClock } from "@flotilla/runtime";
import type { TaskDefinition } from "./define_task.ts";
import { noRunnerMetrics, type RunnerMetrics } from "./runner_metrics.ts";
import type { ServiceCaller } from "./task_context.ts";
import type { Task } from "./task_state.ts";
import type { TaskStore } from "./task_store.ts";

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
  /**
   * How long a run lasts before its task's record says that it runs. One that ends sooner is written once: until then its
   * record says that the task waits.
   *
   * @default 50
   */
  announceAfter?: number;
  /** Time between two writes of a run's progress. @default 500 */
  progressInterval?: number;
  /** How long an ended task is kept. @default 604_800_000 (a week) */
  retention?: number;
  /**
   * Whether the owner of a task that comes again may still have it so, asked when it falls due. While that cannot be found
   * out the task waits.
   *
   * @default everybody may
   */
  mayRecur?: ((task: Task) => Promise<boolean>) | undefined;
  /** How many workers may be lost with a task before it has failed. @default 8 */
  maxLosses?: number;
  /** How long running tasks may go on when the worker stops, before they are handed back. @default 1_000 */
  grace?: number;
  /** @default `systemClock` */
  clock?: Clock;
  /** @default none */
  metrics?: RunnerMetrics;
}

/** The options with their defaults. @throws {RangeError} when a number cannot be */
export function completed(options: RunnerOptions): Required<RunnerOptions> {
  const { lease = 10_000, heartbeat = lease / 3, concurrency = 4 } = options;
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    throw new RangeError(`Cannot run tasks: concurrency must be a whole number from 1, got ${concurrency}`);
  }
  if (!(heartbeat > 0 && heartbeat * 2 <= lease)) {
    throw new RangeError(
      `Cannot run tasks: heartbeat must be at most half the lease of ${lease}, got ${heartbeat}`,
    );
  }
  return {
    perOwner: undefined,
    mayRecur: undefined,
    announceAfter: 50,
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
}
