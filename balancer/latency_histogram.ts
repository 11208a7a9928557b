/** Upper bounds in seconds: from a loopback answer (0.5 ms) to a slow report (30 s). */
export const LATENCY_BOUNDS: readonly number[] = [
  0.0005,
  0.001,
  0.0025,
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  5,
  10,
  30,
];

/**
 * Counts latencies in buckets. A histogram of `prom-client` hashes its labels on each observation; this one
 * is an array, since it is on the path of every request, and is handed to `prom-client` when someone asks.
 */
export class LatencyHistogram {
  /** Observations in each bucket, not cumulative; the last one is beyond every bound. */
  readonly counts: Float64Array = new Float64Array(LATENCY_BOUNDS.length + 1);
  /** Of all observations, in seconds. */
  sum = 0;

  observe(milliseconds: number): void {
    const seconds = milliseconds / 1_000;
    this.sum += seconds;
    let bucket = 0;
    while (bucket < LATENCY_BOUNDS.length && seconds > (LATENCY_BOUNDS[bucket] ?? Infinity)) bucket++;
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
  }

  get count(): number {
    return this.counts.reduce((sum, count) => sum + count, 0);
  }

  /**
   * The bound below which the share `q` (0 to 1) of the observations lies, in seconds; 0 before the first
   * one.
   */
  quantile(q: number): number {
    const rank = q * this.count;
    let seen = 0;
    for (const [bucket, count] of this.counts.entries()) {
      seen += count;
      if (seen >= rank && seen > 0) return LATENCY_BOUNDS[bucket] ?? Infinity;
    }
    return 0;
  }
}
