import { type Clock, sleep, systemClock } from "@flotilla/runtime";

/** How {@linkcode keepPace} sends. */
export interface PaceOptions {
  /** Requests a second. */
  rate: number;
  /** Milliseconds. */
  duration: number;
  /**
   * Requests under way at a time. One that is due beyond it waits, and its waiting counts as its latency.
   * @default 4_096
   */
  maxInFlight?: number;
  /** Ends the load early; what is under way is waited for. @default none */
  signal?: AbortSignal;
  /** @default the machine's own, to parts of a millisecond, and never set back */
  clock?: Clock;
}

/** One turn of a load. */
export interface Turn {
  /** How many came before it. */
  readonly number: number;
  /** When it was due; milliseconds since the load began. */
  readonly due: number;
  /** Milliseconds from when it was due until now: what its sender calls when the answer is whole. */
  readonly elapsed: () => number;
}

/** How often what is due is looked for; milliseconds. */
const TICK = 2;

const stopwatch: Clock = { ...systemClock, now: () => performance.now() };

/**
 * Sends at a constant rate, whether or not earlier requests were answered (an open loop), and measures from when each
 * one was due. So a server that stands still is charged for all that it kept waiting, and not just for the few requests
 * that it happened to hold: a load without coordinated omission.
 *
 * @param send sends one request; it may not reject
 * @returns how many were sent, when all of them are over
 * @throws {RangeError} when rate, duration or maxInFlight is not positive
 */
export async function keepPace(send: (turn: Turn) => Promise<void>, options: PaceOptions): Promise<number> {
  const { rate, duration, maxInFlight = 4_096, signal, clock = stopwatch } = options;
  for (const [name, value] of Object.entries({ rate, duration, maxInFlight })) {
    if (!(value > 0)) throw new RangeError(`Cannot make a load: ${name} must be above 0, got ${value}`);
  }
  const began = clock.now();
  const total = Math.max(1, Math.round(rate * duration / 1_000));
  const underWay = new Set<Promise<void>>();
  let number = 0;
  while (number < total && signal?.aborted !== true) {
    const due = Math.min(total, Math.floor((clock.now() - began) * rate / 1_000) + 1);
    for (; number < due && underWay.size < maxInFlight; number++) {
      const dueAt = number * 1_000 / rate;
      const sent = send({ number, due: dueAt, elapsed: () => clock.now() - began - dueAt })
        .finally(() => underWay.delete(sent));
      underWay.add(sent);
    }
    if (number < total) await sleep(TICK, { clock });
  }
  await Promise.all(underWay);
  return number;
}
