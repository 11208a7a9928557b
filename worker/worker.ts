import { createAssertionSigner, createAssertionVerifier } from "@flotilla/auth/verify";
import { type Clock, createRole, recentSuccess, type Role, systemClock } from "@flotilla/runtime";
import { Registry } from "prom-client";
import type { TaskDefinition } from "./engine/define_task.ts";
import { keys } from "./engine/keys.ts";
import { createRoutes } from "./http/routes.ts";
import { createRunnerMetrics, registerQueueCounts } from "./engine/runner_metrics.ts";
import { readQueueCounts, sharedQueueCounts } from "./engine/queue_counts.ts";
import { ownerStanding, type StandingTarget } from "./owner_standing.ts";
import { Runner } from "./engine/runner.ts";
import type { RunnerOptions } from "./engine/runner_options.ts";
import { serviceCalls, type ServiceTarget } from "./service_caller.ts";
import { TaskStore } from "./engine/task_store.ts";

/** What {@linkcode createWorker} makes a worker from. */
export interface WorkerOptions
  extends Pick<RunnerOptions, "concurrency" | "perOwner" | "lease" | "heartbeat" | "grace"> {
  /** Where tasks are kept; every worker of one system has the same. The caller closes it. */
  store: Deno.Kv;
  /** The key that all roles share, at least 32 characters. */
  internalKey: string;
  /** This instance's name, unique among the workers. */
  instance: string;
  /** The kinds of task it takes and runs. */
  kinds: readonly TaskDefinition[];
  /** The data service that tasks call. */
  service: ServiceTarget;
  /**
   * The auth service, asked when a task that comes again falls due whether its owner is still there and enabled.
   *
   * @default nobody is asked: schedules go on
   */
  auth?: StandingTarget | undefined;
  /** Milliseconds that an ended task is kept. @default 604_800_000 (a week) */
  retention?: number;
  /** @default `systemClock` */
  clock?: Clock;
  /** @default a new one */
  registry?: Registry;
}

/** A role that takes tasks over HTTP and, between {@linkcode Worker.start} and {@linkcode Worker.stop}, runs them. */
export interface Worker extends Role, AsyncDisposable {
  /** Begins to run tasks. */
  start(): void;
  /** Ends that: what runs is handed back to the other workers at once. Stopping twice is safe. */
  stop(): Promise<void>;
  /** How many tasks run here now. */
  readonly running: number;
}

/**
 * Makes a worker: `/longtask` of the public API, and a runner of tasks. Without `start()` it only answers requests, and
 * other workers of the same store run what it takes.
 *
 * @throws {RangeError} when the key is too short, or a number cannot be
 * @throws {TypeError} when two kinds have the same name
 */
export function createWorker(options: WorkerOptions): Worker {
  const { internalKey: key, instance, service, clock = systemClock, retention = 604_800_000 } = options;
  const registry = options.registry ?? new Registry();
  const kinds = byName(options.kinds);
  const store = new TaskStore(options.store, { clock });
  const signer = createAssertionSigner({ key, issuer: instance, clock });
  const runner = new Runner({
    ...options,
    store,
    kinds,
    clock,
    retention,
    service: serviceCalls(service, { signer, clock }),
    mayRecur: options.auth && ownerStanding(options.auth, { signer, clock }),
    metrics: createRunnerMetrics(registry),
  });
  registerQueueCounts(registry, sharedQueueCounts(() => readQueueCounts(options.store), { clock }));
  const routes = createRoutes({
    store,
    kinds,
    clock,
    retention,
    verifier: createAssertionVerifier({ key, clock }),
    onQueued: () => runner.wake(),
  });
  const role = createRole({
    role: "worker",
    instance,
    registry,
    handle: (request, context) => routes.fetch(request, { context }),
    checks: { store: recentSuccess(async () => void await options.store.get(keys.wake), { clock }) },
  });
  return {
    fetch: role.fetch,
    drain() {
      role.drain();
      void runner.stop();
    },
    get draining() {
      return role.draining;
    },
    get lastProbed() {
      return role.lastProbed;
    },
    get drainSeen() {
      return role.drainSeen;
    },
    registry,
    start: () => runner.start(),
    stop: () => runner.stop(),
    get running() {
      return runner.running;
    },
    [Symbol.asyncDispose]: () => runner.stop(),
  };
}

function byName(kinds: readonly TaskDefinition[]): ReadonlyMap<string, TaskDefinition> {
  const map = new Map(kinds.map((kind) => [kind.name, kind]));
  if (map.size < kinds.length) {
    throw new TypeError("Cannot make a worker: two kinds of task have the same name");
  }
  return map;
}
