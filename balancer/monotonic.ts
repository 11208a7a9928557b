import { type Clock, systemClock } from "@flotilla/runtime";

/** Milliseconds from any start, with fractions, that never run backwards when the machine's clock is set. */
export type Monotonic = () => number;

/** Time to measure durations with: the system's own monotonic clock, or the injected clock in a test. */
export function monotonic(clock: Clock): Monotonic {
  return clock === systemClock ? onceATurn(() => performance.now()) : () => clock.now();
}

const SETTLED = Promise.resolve();

/**
 * Reads a clock once for all the microtasks that wait when it is asked. Under load dozens of sockets become ready together, and to ask
 * for the time costs as much as to parse a request's head; it is behind by no more than those microtasks take.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { onceATurn } from "./monotonic.ts";
 *
 * let time = 0;
 * const now = onceATurn(() => time++);
 * assertEquals([now(), now()], [0, 0]);
 * await Promise.resolve();
 * assertEquals(now(), 1);
 * ```
 */
export function onceATurn(read: Monotonic): Monotonic {
  let reading: number | undefined;
  const forget = () => {
    reading = undefined;
  };
  return () => {
    if (reading !== undefined) return reading;
    void SETTLED.then(forget);
    return reading = read();
  };
}
