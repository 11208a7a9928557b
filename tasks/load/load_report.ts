import { DETECTION, type Scenario } from "./scenario.ts";
import type { LatencySummary, Slice, StepSummary, Tally } from "./tally.ts";

/** An instance that was killed during a load. */
export interface Killed {
  readonly instance: string;
  readonly pid: number;
  /** Milliseconds since the load began. */
  readonly at: number;
}

/** How many idempotent requests failed: while the system found out that an instance was dead, and apart from that. */
export interface FailuresByDetection {
  readonly whileDetecting: number;
  readonly otherwise: number;
}

/** What a load came to: what `--json` writes. */
export interface LoadReport {
  readonly scenario: string;
  readonly summary: string;
  /** The strategy of the balancer that was called; `undefined` for the system as it runs. */
  readonly strategy: string | undefined;
  readonly url: string;
  /** When it began, as ISO 8601. */
  readonly began: string;
  /** Requests a second. */
  readonly rate: number;
  /** Seconds. */
  readonly duration: number;
  readonly requests: number;
  readonly failed: number;
  readonly failures: Readonly<Record<string, number>>;
  readonly latency: LatencySummary;
  /** The share of answers from a cache, of those that tell. */
  readonly hitRatio: number | undefined;
  readonly gateways: Readonly<Record<string, number>>;
  readonly upstreams: Readonly<Record<string, number>>;
  readonly steps: readonly StepSummary[];
  readonly seconds: readonly Slice[];
  readonly kills: readonly Killed[];
  readonly idempotentFailures: FailuresByDetection;
  /** How many tasks were started, and how long after the load the last of them was over; none were without tasks. */
  readonly tasks: TaskSummary | undefined;
}

/** What became of the tasks that a load started. */
export interface TaskSummary {
  readonly started: number;
  /** Tasks by status, when it was asked last. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Seconds after the load's last request at which all were over; `undefined` when they were not in time. */
  readonly settledAfter: number | undefined;
}

/** What {@linkcode makeReport} needs besides the counts. */
export interface ReportOptions {
  scenario: Scenario;
  url: string;
  /** Milliseconds since the epoch. */
  began: number;
  rate: number;
  /** Seconds. */
  duration: number;
  /** @default none */
  strategy?: string;
  /** @default none */
  kills?: readonly Killed[];
  /** @default none */
  tasks?: TaskSummary;
}

/** Sums up a load. */
export function makeReport(tally: Tally, options: ReportOptions): LoadReport {
  const { scenario, url, began, rate, duration, strategy, kills = [], tasks } = options;
  const { requests, failed, failures, latency, hitRatio, gateways, upstreams, steps, slices } = tally;
  return {
    scenario: scenario.name,
    summary: scenario.summary,
    strategy,
    url,
    began: new Date(began).toISOString(),
    ...{ rate, duration, requests, failed, failures, latency, hitRatio, gateways, upstreams, steps },
    seconds: slices,
    kills,
    idempotentFailures: byDetection(tally, kills),
    tasks,
  };
}

function byDetection(tally: Tally, kills: readonly Killed[]): FailuresByDetection {
  const failed = tally.failedRequests.filter(({ idempotent }) => idempotent);
  // What was inside an instance when it died counts, and what was due until its death was known.
  const detecting = failed.filter(({ due, over }) =>
    kills.some(({ at }) => over >= at && due < at + DETECTION)
  );
  return { whileDetecting: detecting.length, otherwise: failed.length - detecting.length };
}
