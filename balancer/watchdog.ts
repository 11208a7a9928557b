import type { Clock, Timer } from "@flotilla/runtime";
import type { Monotonic } from "./monotonic.ts";

/**
 * Calls back when nothing has happened for a while. To touch it costs one reading of the clock: the timer is
 * not set anew each time, it looks when it fires how long ago the last touch was.
 */
export class Watchdog {
  readonly #clock: Clock;
  readonly #now: Monotonic;
  readonly #patience: number;
  readonly #bark: () => void;
  #touched: number;
  #timer: Timer | undefined;

  /** @param patience milliseconds; `Infinity` for a dog that never barks */
  constructor(patience: number, options: { clock: Clock; now: Monotonic; bark: () => void }) {
    this.#patience = patience;
    this.#clock = options.clock;
    this.#now = options.now;
    this.#bark = options.bark;
    this.#touched = options.now();
    this.#arm(patience);
  }

  touch(): void {
    this.#touched = this.#now();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #arm(ms: number): void {
    if (this.#patience === Infinity) return;
    this.#timer = this.#clock.setTimeout(() => {
      const left = this.#touched + this.#patience - this.#now();
      if (left > 0) this.#arm(left);
      else this.#bark();
    }, ms);
  }
}
