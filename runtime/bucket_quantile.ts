/**
 * The value below which a share of what a cumulative histogram counted lies, as `histogram_quantile` of Prometheus
 * estimates it: evenly spread within a bucket.
 *
 * @param share from 0 to 1
 * @returns `undefined` for an empty histogram
 *
 * @example
 * ```ts
 * import { bucketQuantile } from "@flotilla/runtime";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(bucketQuantile(new Map([[1, 0], [2, 10], [Infinity, 10]]), 0.5), 1.5);
 * ```
 */
export function bucketQuantile(histogram: ReadonlyMap<number, number>, share: number): number | undefined {
  const buckets = [...histogram].sort(([a], [b]) => a - b);
  const total = buckets.at(-1)?.[1] ?? 0;
  if (total <= 0) return undefined;
  const rank = share * total;
  let lower = 0;
  let below = 0;
  for (const [bound, count] of buckets) {
    if (count >= rank && count > below) {
      if (bound === Infinity) return lower;
      return lower + (bound - lower) * (rank - below) / (count - below);
    }
    lower = bound;
    below = count;
  }
  return lower;
}
