/** How an upstream that comes back, or comes new, is brought up to its full share. */
export interface SlowStartOptions {
  /**
   * Milliseconds until the full share; 0 to give it at once. A new process has cold caches and code not yet
   * compiled, which it makes up for within seconds.
   *
   * @default 10_000
   */
  window?: number;
  /**
   * The share of its weight it begins with, above 0 to 1: little enough for a cold process, and enough requests to get
   * warm by.
   *
   * @default 0.1
   */
  initial?: number;
}

export type SlowStart = Readonly<Required<SlowStartOptions>>;

/**
 * Fills in the defaults.
 *
 * @throws {RangeError} when one is out of range
 */
export function readSlowStart(options: SlowStartOptions = {}): SlowStart {
  const { window = 10_000, initial = 0.1 } = options;
  if (!(window >= 0 && window < Infinity)) {
    throw new RangeError(`Cannot start slowly: window must be at least 0 ms, got ${window}`);
  }
  if (!(initial > 0 && initial <= 1)) {
    throw new RangeError(`Cannot start slowly: initial must be above 0 and at most 1, got ${initial}`);
  }
  return { window, initial };
}

/** In so many steps the weight grows. */
export const SLOW_START_STEPS = 10;

/** The weight after `elapsed` milliseconds of warming: growing in a straight line from the initial share. */
export function warmWeight(weight: number, elapsed: number, slowStart: SlowStart): number {
  const { window, initial } = slowStart;
  if (elapsed >= window) return weight;
  const step = Math.floor((elapsed / window) * SLOW_START_STEPS) / SLOW_START_STEPS;
  return weight * Math.max(initial, step);
}
