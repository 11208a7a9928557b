import { Cron } from "croner";

/** When a recurring task comes again. */
export type Recurrence =
  /** Seconds from one time to the next, at least 1. */
  | { readonly every: number }
  /** The times that a pattern of cron names by the clocks of a time zone. */
  | {
    /** Minute, hour, day of the month, month, day of the week; with seconds before them when there are six. */
    readonly cron: string;
    /** A name of the IANA database, such as `Europe/Berlin`. */
    readonly time_zone: string;
  };

/** Thrown for a pattern or a time zone that cannot be. */
export class RecurrenceError extends Error {
  override readonly name = "RecurrenceError";
}

/**
 * The first time after `now` in the rhythm that `due` is a beat of, or `undefined` when there is none. Times that were
 * missed, because nothing was running, are not made up for: a task comes once for all of them.
 *
 * By the clocks of a time zone, a time that is skipped in spring comes as soon as they have jumped, and one that comes twice
 * in autumn counts once.
 *
 * @param due a time of this recurrence, in milliseconds since the epoch
 * @param now milliseconds since the epoch
 * @throws {RecurrenceError} when the pattern or the time zone cannot be
 *
 * @example
 * ```ts
 * import { nextTime } from "./recurrence.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(nextTime({ every: 60 }, 0, 5_000), 60_000);
 * assertEquals(nextTime({ every: 60 }, 0, 3_600_001), 3_660_000);
 * assertEquals(nextTime({ cron: "30 2 * * *", time_zone: "UTC" }, 0, 0), 9_000_000);
 * ```
 */
export function nextTime(recurrence: Recurrence, due: number, now: number): number | undefined {
  if ("cron" in recurrence) return nextCronTime(recurrence, Math.max(due, now));
  const step = recurrence.every * 1_000;
  return due + step * Math.max(1, Math.floor((now - due) / step) + 1);
}

/**
 * The first time of all, at `start` or after it, or `undefined` when there is none.
 *
 * @param start milliseconds since the epoch
 * @throws {RecurrenceError} when the pattern or the time zone cannot be
 */
export function firstTime(recurrence: Recurrence, start: number): number | undefined {
  return "cron" in recurrence ? nextCronTime(recurrence, start - 1) : start;
}

function nextCronTime(
  { cron, time_zone: timezone }: Extract<Recurrence, { cron: string }>,
  after: number,
): number | undefined {
  if (!isTimeZone(timezone)) {
    throw new RecurrenceError(`Cannot repeat a task: there is no time zone named ${timezone}`);
  }
  try {
    // It only computes times: nothing is left running.
    const pattern = new Cron(cron, { timezone, mode: "5-or-6-parts", paused: true });
    return pattern.nextRun(new Date(after))?.getTime();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RecurrenceError(`Cannot repeat a task: ${reason}`, { cause });
  }
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}
