import { Histogram, type Registry } from "prom-client";
import { type Clock, systemClock } from "./clock.ts";

/** How {@linkcode watchEventLoop} measures. */
export interface EventLoopOptions {
  /** Milliseconds between two measurements. @default 250 */
  interval?: number;
  /** @default {@linkcode systemClock} */
  clock?: Clock;
  /** Milliseconds that never go back. @default `performance.now` */
  now?: () => number;
}

const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/**
 * Measures how late the event loop is, as `flotilla_event_loop_lag_seconds`: a timer is set again and again, and each time
 * tells by how much it was called too late. Whatever keeps the process from answering keeps the timer from being called.
 *
 * The timer does not keep the process running, and ends with what is returned.
 */
export function watchEventLoop(registry: Registry, options: EventLoopOptions = {}): Disposable {
  const { interval = 250, clock = systemClock, now = () => performance.now() } = options;
  const lag = new Histogram({
    name: "flotilla_event_loop_lag_seconds",
    help: "Time by which the event loop called a timer too late",
    buckets: BUCKETS,
    registers: [registry],
  });
  const measure = () => {
    const due = now() + interval;
    return clock.setTimeout(
      () => {
        lag.observe(Math.max(0, now() - due) / 1_000);
        timer = measure();
      },
      interval,
      { background: true },
    );
  };
  let timer = measure();
  return { [Symbol.dispose]: () => timer.cancel() };
}
