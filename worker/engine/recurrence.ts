/** When a recurring task comes again. */
export interface Recurrence {
  /** Seconds from one time to the next, at least 1. */
  readonly every: number;
}

/**
 * The first time after `now` in the rhythm that `due` is a beat of. Times that were missed, because nothing was running,
 * are not made up for: a task comes once for all of them.
 *
 * @param due a time of this recurrence, in milliseconds since the epoch
 * @param now milliseconds since the epoch
 *
 * @example
 * ```ts
 * import { nextTime } from "./recurrence.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(nextTime({ every: 60 }, 0, 5_000), 60_000);
 * assertEquals(nextTime({ every: 60 }, 0, 3_600_001), 3_660_000);
 * ```
 */
export function nextTime({ every }: Recurrence, due: number, now: number): number {
  const step = every * 1_000;
  return due + step * Math.max(1, Math.floor((now - due) / step) + 1);
}
