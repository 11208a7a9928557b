import type { Dispatcher } from "./dispatcher.ts";
import type { Health } from "./health.ts";
import type { Pool } from "./pool.ts";
import type { RetryBudget } from "./retry_budget.ts";
import { isReady, type RotationMode } from "./rotation.ts";
import type { UpstreamState } from "./upstream_state.ts";

/** The state of a balancer at a moment, as plain data. */
export interface BalancerSnapshot {
  readonly strategy: string;
  readonly transport: string;
  /** Whether at least one upstream is known to be able to take requests. */
  readonly ready: boolean;
  readonly mode: RotationMode;
  /** Requests of clients since the start. */
  readonly requests: number;
  /** Requests for which no attempt could begin, by reason. */
  readonly refusals: Readonly<Record<string, number>>;
  /** Retries that the budget would grant now. */
  readonly retryBudget: number;
  readonly upstreams: readonly UpstreamSnapshot[];
}

/** The state of one upstream. */
export interface UpstreamSnapshot {
  readonly id: string;
  readonly url: string;
  /** Whether it takes requests now. */
  readonly inRotation: boolean;
  readonly health: Health;
  readonly ejected: boolean;
  readonly draining: boolean;
  readonly weight: number;
  /** Lower than the weight during slow start. */
  readonly effectiveWeight: number;
  readonly inFlight: number;
  readonly queued: number;
  /** Since the start. */
  readonly attempts: number;
  readonly retries: number;
  readonly ejections: number;
  /** Answers by class of status: `{"2xx": 10}`. */
  readonly answers: Readonly<Record<string, number>>;
  readonly failures: Readonly<Record<string, number>>;
  /** Seconds until the head of the answer, as upper bounds of the histogram's buckets. */
  readonly latency: { readonly count: number; readonly p50: number; readonly p99: number };
}

/** Where a snapshot is taken from. */
export interface SnapshotSources {
  readonly pool: Pool;
  readonly dispatcher: Dispatcher;
  readonly budget: RetryBudget;
  readonly strategy: string;
  readonly transport: string;
}

export function takeSnapshot(sources: SnapshotSources): BalancerSnapshot {
  const { pool, dispatcher, budget, strategy, transport } = sources;
  const { rotation } = pool;
  const inRotation = new Set(rotation.upstreams);
  return {
    strategy,
    transport,
    ready: isReady(rotation),
    mode: rotation.mode,
    requests: dispatcher.requests,
    refusals: Object.fromEntries(dispatcher.refusals),
    retryBudget: Math.floor(budget.balance),
    upstreams: pool.members.map((upstream) => describe(upstream, inRotation.has(upstream))),
  };
}

function describe(upstream: UpstreamState, inRotation: boolean): UpstreamSnapshot {
  const { id, origin, health, draining, weight, effectiveWeight, inFlight, queued, stats } = upstream;
  const answers = [1, 2, 3, 4, 5].map((hundred) => [`${hundred}xx`, stats.answers[hundred] ?? 0] as const);
  return {
    id,
    url: origin,
    inRotation,
    health,
    ejected: upstream.ejection.kind === "ejected",
    draining,
    weight,
    effectiveWeight,
    inFlight,
    queued,
    attempts: stats.attempts,
    retries: stats.retries,
    ejections: stats.ejections,
    answers: Object.fromEntries(answers.filter(([, count]) => count > 0)),
    failures: Object.fromEntries(stats.failures),
    latency: {
      count: stats.latency.count,
      p50: stats.latency.quantile(0.5),
      p99: stats.latency.quantile(0.99),
    },
  };
}
