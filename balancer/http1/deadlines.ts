import { type Clock, Roster, type Seat, systemClock, type Timer } from "@flotilla/runtime";

/** Something that may take too long. */
export interface Timed {
  /** When its time is over, in {@linkcode Deadlines.now}'s milliseconds; `Infinity` while it may take any time. */
  deadline: number;
  /** That of {@linkcode Deadlines}, while it is watched. */
  seat?: Seat<Timed> | undefined;
  /** Called once the deadline has passed, with the deadline set to `Infinity`. */
  expire(): void;
}

/** How {@linkcode Deadlines} keeps time. */
export interface DeadlinesOptions {
  /** @default systemClock */
  clock?: Clock;
  /** Milliseconds between two looks, by which a deadline may be missed. @default 100 */
  interval?: number;
}

/** A look that is so many intervals late comes after this process stood still, with its machine or in a long collection. */
const STILL = 5;

/**
 * One coarse timer for every connection. To set a deadline is to store a number; a single timer looks at all of them a few
 * times a second, which costs 10,000 connections some 0.1% of a core and a request next to nothing.
 *
 * After this process stood still nothing expires at the first look: what others sent meanwhile is heard before they are
 * judged, as timers ring before sockets are read.
 */
export class Deadlines implements Disposable {
  readonly #clock: Clock;
  readonly #interval: number;
  readonly #watched = new Roster<Timed>();
  #timer: Timer | undefined;
  #now: number;

  /** @throws {RangeError} when the interval is not positive */
  constructor(options: DeadlinesOptions = {}) {
    const { clock = systemClock, interval = 100 } = options;
    if (!(interval > 0)) {
      throw new RangeError(`Cannot keep deadlines: interval must be above 0 ms, got ${interval}`);
    }
    this.#clock = clock;
    this.#interval = interval;
    this.#now = clock.now();
  }

  /** The time of the last look, at most an interval ago; that of the clock while nothing is watched. */
  get now(): number {
    return this.#timer === undefined ? this.#clock.now() : this.#now;
  }

  /** How many are watched. */
  get size(): number {
    return this.#watched.size;
  }

  watch(timed: Timed): void {
    if (this.#timer === undefined) {
      this.#now = this.#clock.now();
      this.#schedule();
    }
    timed.seat ??= this.#watched.add(timed);
  }

  unwatch(timed: Timed): void {
    if (timed.seat !== undefined) this.#watched.delete(timed.seat);
    timed.seat = undefined;
    if (this.#watched.size === 0) this[Symbol.dispose]();
  }

  /** Stops the timer; nothing expires any more. */
  [Symbol.dispose](): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const seat of this.#watched.seats()) {
      this.#watched.delete(seat);
      seat.taken.seat = undefined;
    }
  }

  #schedule(): void {
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = undefined;
      this.#look();
      if (this.#watched.size > 0 && this.#timer === undefined) this.#schedule();
    }, this.#interval);
  }

  #look(): void {
    const stoodStill = this.#clock.now() - this.#now > (1 + STILL) * this.#interval;
    this.#now = this.#clock.now();
    if (stoodStill) return;
    this.#watched.forEach((timed) => {
      if (timed.deadline > this.#now) return;
      timed.deadline = Infinity;
      timed.expire();
    });
  }
}
