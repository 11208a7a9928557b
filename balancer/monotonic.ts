import { type Clock, systemClock } from "@flotilla/runtime";

/** Milliseconds from any start, with fractions, that never run backwards when the machine's clock is set. */
export type Monotonic = () => number;

/** Time to measure durations with: the system's own monotonic clock, or the injected clock in a test. */
export function monotonic(clock: Clock): Monotonic {
  return clock === systemClock ? () => performance.now() : () => clock.now();
}
