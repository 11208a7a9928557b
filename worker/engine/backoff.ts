/** When and how often a kind of task is tried again. */
export interface RetryPolicy {
  /** Runs that may fail before the task has failed. @default 5 */
  attempts?: number;
  /** Milliseconds that the first wait is at most. @default 1_000 */
  base?: number;
  /** Milliseconds that any wait is at most. @default 300_000 */
  cap?: number;
}

/**
 * How long to wait after the nth failure, in milliseconds: anywhere between nothing and `base * 2^(n-1)`, at most `cap`.
 * This is "full jitter" ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015): tasks that failed together do not
 * come back together.
 *
 * @param failures how many runs have failed, this one included
 * @param options.random a number from 0 up to 1; default `Math.random`
 * @throws {RangeError} when `failures` is not at least 1
 *
 * @example
 * ```ts
 * import { backoff } from "./backoff.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(backoff(3, { base: 1_000, random: () => 0.5 }), 2_000);
 * assertEquals(backoff(30, { base: 1_000, cap: 60_000, random: () => 0.5 }), 30_000);
 * ```
 */
export function backoff(
  failures: number,
  options: Pick<RetryPolicy, "base" | "cap"> & { random?: () => number } = {},
): number {
  const { base = 1_000, cap = 300_000, random = Math.random } = options;
  if (!(failures >= 1)) throw new RangeError(`Cannot back off: failures must be at least 1, got ${failures}`);
  return Math.floor(random() * Math.min(cap, base * 2 ** (failures - 1)));
}
