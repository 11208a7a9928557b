import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { QueueCounts } from "./queue_counts.ts";
import type { RunOutcome } from "./run_outcome.ts";

/** What a runner tells of its runs. */
export interface RunnerMetrics {
  /** @param waited seconds from queued to claimed */
  started(kind: string, waited: number): void;
  /** @param seconds how long the run took */
  finished(kind: string, outcome: RunOutcome, seconds: number): void;
}

/** Tells nobody. */
export const noRunnerMetrics: RunnerMetrics = { started() {}, finished() {} };

/** Registers the depth of the queue, which all workers of a store tell alike. It is read when somebody looks. */
export function registerQueueCounts(registry: Registry, read: () => Promise<QueueCounts>): void {
  new Gauge({
    name: "flotilla_worker_tasks",
    help: "Tasks of the whole system by status; those that are over since the store began",
    labelNames: ["status"] as const,
    registers: [registry],
    async collect() {
      // Without the store the other measures are wanted all the more.
      const counts = await read().catch(() => undefined);
      if (counts === undefined) return this.reset();
      for (const [status, count] of Object.entries(counts)) this.set({ status }, count);
    },
  });
}

const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600];

/** Registers the measures of a runner. */
export function createRunnerMetrics(registry: Registry): RunnerMetrics {
  const registers = [registry];
  const running = new Gauge({
    name: "flotilla_worker_tasks_running",
    help: "Tasks that run here now",
    labelNames: ["kind"] as const,
    registers,
  });
  const finished = new Counter({
    name: "flotilla_worker_runs_total",
    help: "Runs that ended, by how",
    labelNames: ["kind", "outcome"] as const,
    registers,
  });
  const waited = new Histogram({
    name: "flotilla_worker_wait_seconds",
    help: "Time from queued to claimed",
    labelNames: ["kind"] as const,
    buckets: BUCKETS,
    registers,
  });
  const took = new Histogram({
    name: "flotilla_worker_run_seconds",
    help: "Time that runs took",
    labelNames: ["kind"] as const,
    buckets: BUCKETS,
    registers,
  });
  return {
    started(kind, seconds) {
      running.inc({ kind });
      waited.observe({ kind }, seconds);
    },
    finished(kind, outcome, seconds) {
      running.dec({ kind });
      finished.inc({ kind, outcome });
      took.observe({ kind }, seconds);
    },
  };
}
