import { build, type Histogram } from "hdr-histogram-js";
import { failureOf, type Outcome } from "./outcome.ts";

/** What happened to the requests that were due in one second of a load. */
export interface Slice {
  /** When it began; seconds since the load did. */
  readonly second: number;
  readonly requests: number;
  readonly failed: number;
  /** Of the failed: those that the system could have sent again. */
  readonly failedIdempotent: number;
  /** Answers that came from a cache, of those that tell. */
  readonly hits: number;
  readonly misses: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Answers by the instance behind the gateway. */
  readonly byUpstream: Readonly<Record<string, number>>;
}

/** Latencies in milliseconds. */
export interface LatencySummary {
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** What happened to all requests of one kind. */
export interface StepSummary {
  readonly name: string;
  readonly requests: number;
  readonly failed: number;
  readonly latency: LatencySummary;
}

/** When a request failed; milliseconds since the load began. */
export interface FailedRequest {
  readonly due: number;
  readonly over: number;
  readonly idempotent: boolean;
}

/** Microseconds: what latencies are counted in. */
const MICROSECONDS = 1_000;
/** Longer latencies count as this one: 2³¹ − 1 µs, 35 minutes. */
const LONGEST = 2 ** 31 - 1;

/** Counts latencies, to so many decimal digits each, in memory that does not grow with how many there are. */
function histogram(digits: 1 | 2 | 3): Histogram {
  return build({ bitBucketSize: 32, highestTrackableValue: LONGEST, numberOfSignificantValueDigits: digits });
}

class MutableSlice {
  readonly latency = histogram(2);
  readonly byUpstream = new Map<string, number>();
  failed = 0;
  failedIdempotent = 0;
  hits = 0;
  misses = 0;
}

/** Adds up what became of the requests of a load, in memory that grows with its seconds and not with its requests. */
export class Tally {
  readonly #slices: MutableSlice[] = [];
  readonly #steps = new Map<string, { latency: Histogram; failed: number }>();
  readonly #latency = histogram(3);
  readonly #gateways = new Map<string, number>();
  readonly #upstreams = new Map<string, number>();
  readonly #failures = new Map<string, number>();
  readonly #failed: FailedRequest[] = [];
  #tasks = 0;

  /** Counts one more. */
  add(outcome: Outcome): void {
    const { step, due, latency, answer } = outcome;
    const failure = failureOf(outcome);
    const slice = this.#sliceAt(Math.floor(due / 1_000));
    const ofStep = this.#steps.get(step.name) ?? { latency: histogram(3), failed: 0 };
    this.#steps.set(step.name, ofStep);
    const counted = Math.min(LONGEST, Math.round(latency * MICROSECONDS));
    for (const counts of [this.#latency, ofStep.latency, slice.latency]) counts.recordValue(counted);
    if (failure !== undefined) {
      this.#failed.push({ due, over: due + latency, idempotent: step.idempotent });
      increment(this.#failures, failure);
      ofStep.failed++;
      slice.failed++;
      if (step.idempotent) slice.failedIdempotent++;
    }
    if (answer.kind === "none") return;
    if (answer.cached !== undefined && step.method === "GET") slice[answer.cached ? "hits" : "misses"]++;
    if (answer.gateway !== undefined) increment(this.#gateways, answer.gateway);
    if (answer.upstream !== undefined) {
      increment(this.#upstreams, answer.upstream);
      increment(slice.byUpstream, answer.upstream);
    }
    if (answer.task !== undefined) this.#tasks++;
  }

  /** How many requests are over. */
  get requests(): number {
    return this.#latency.totalCount;
  }

  /** How many failed. */
  get failed(): number {
    return this.#failed.length;
  }

  /** How many tasks were started. */
  get tasks(): number {
    return this.#tasks;
  }

  /** The share of answers from a cache, of those that tell; `undefined` when none does. */
  get hitRatio(): number | undefined {
    const hits = this.#slices.reduce((sum, slice) => sum + slice.hits, 0);
    const all = this.#slices.reduce((sum, slice) => sum + slice.hits + slice.misses, 0);
    return all === 0 ? undefined : hits / all;
  }

  /** Latencies of all requests. */
  get latency(): LatencySummary {
    return summarize(this.#latency);
  }

  /** Answers by gateway, by name. */
  get gateways(): Readonly<Record<string, number>> {
    return sorted(this.#gateways);
  }

  /** Answers by the instance behind the gateway, by name. */
  get upstreams(): Readonly<Record<string, number>> {
    return sorted(this.#upstreams);
  }

  /** Failed requests by why they failed. */
  get failures(): Readonly<Record<string, number>> {
    return sorted(this.#failures);
  }

  /** When requests failed. */
  get failedRequests(): readonly FailedRequest[] {
    return this.#failed;
  }

  /** Second by second. */
  get slices(): readonly Slice[] {
    return this.#slices.map(({ latency, byUpstream, ...counts }, second) => ({
      second,
      ...counts,
      requests: latency.totalCount,
      p50: latency.getValueAtPercentile(50) / MICROSECONDS,
      p99: latency.getValueAtPercentile(99) / MICROSECONDS,
      byUpstream: sorted(byUpstream),
    }));
  }

  /** By kind of request. */
  get steps(): readonly StepSummary[] {
    return [...this.#steps].sort(([a], [b]) => a < b ? -1 : 1).map(([name, { latency, failed }]) => ({
      name,
      requests: latency.totalCount,
      failed,
      latency: summarize(latency),
    }));
  }

  #sliceAt(second: number): MutableSlice {
    while (this.#slices.length <= second) this.#slices.push(new MutableSlice());
    const slice = this.#slices[second];
    if (slice === undefined) throw new RangeError(`Cannot count: second must be 0 or more, got ${second}`);
    return slice;
  }
}

function summarize(counts: Histogram): LatencySummary {
  // It gives the end of the bucket, which may lie beyond the largest value.
  const at = (percentile: number) =>
    Math.min(counts.maxValue, counts.getValueAtPercentile(percentile)) / MICROSECONDS;
  return {
    mean: counts.mean / MICROSECONDS,
    p50: at(50),
    p90: at(90),
    p99: at(99),
    p999: at(99.9),
    max: counts.maxValue / MICROSECONDS,
  };
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function sorted(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true })));
}
