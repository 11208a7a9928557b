import { type Clock, systemClock } from "@flotilla/runtime";

/** How {@linkcode Pace} holds back. */
export interface PaceOptions {
  /** Turns a second in the long run. */
  perSecond: number;
  /** Turns that may be taken at once after a quiet time. */
  burst: number;
  /** @default `systemClock` */
  clock?: Clock;
}

/** Turns that come at a rate at most: the generic cell rate algorithm, which needs one number to remember. */
export class Pace {
  readonly #interval: number;
  readonly #tolerance: number;
  readonly #clock: Clock;
  /** When the turns taken so far would be over at the full rate. */
  #due = 0;

  constructor({ perSecond, burst, clock = systemClock }: PaceOptions) {
    this.#interval = 1_000 / perSecond;
    this.#tolerance = burst * this.#interval;
    this.#clock = clock;
  }

  /** Takes a turn and tells how many milliseconds to wait before it. */
  turn(): number {
    const now = this.#clock.now();
    this.#due = Math.max(now, this.#due) + this.#interval;
    return Math.max(0, this.#due - this.#tolerance - now);
  }
}
