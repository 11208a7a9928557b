/** A timer that {@linkcode Clock.setTimeout} started. */
export interface Timer extends Disposable {
  /** Stops it; harmless once it has fired. */
  cancel(): void;
}

/** Where time comes from. What waits takes one, so that a test can move time by hand. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /**
   * Calls back once, after at least `ms` milliseconds.
   *
   * @param options.background when true the timer alone does not keep the process running; default false
   */
  setTimeout(callback: () => void, ms: number, options?: { background?: boolean }): Timer;
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: Date.now,
  setTimeout(callback, ms, options = {}) {
    const id = setTimeout(callback, ms);
    if (options.background === true) Deno.unrefTimer(id);
    const cancel = () => clearTimeout(id);
    return { cancel, [Symbol.dispose]: cancel };
  },
};

/** How {@linkcode sleep} waits. */
export interface SleepOptions {
  /** @default {@linkcode systemClock} */
  clock?: Clock;
  /** Ends the wait early. @default none */
  signal?: AbortSignal;
}

/** Waits `ms` milliseconds. Rejects with the signal's reason when it is aborted first. */
export function sleep(ms: number, options: SleepOptions = {}): Promise<void> {
  const { clock = systemClock, signal } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = clock.setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
