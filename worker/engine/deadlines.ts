import { type Clock, Roster, type Seat, type Timer } from "@flotilla/runtime";

/** What is to happen at a time, unless it is withdrawn before. */
export interface Timed {
  /** Milliseconds since the epoch; a later one when more is to happen. */
  readonly due: number;
  onDue(): void;
}

/** Calls many in their time with one timer: it is set anew only for one that is due sooner than all others. */
export class Deadlines implements Disposable {
  readonly #clock: Clock;
  readonly #waits = new Roster<Timed>();
  #timer: { readonly at: number; readonly timer: Timer } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(wait: Timed): Seat<Timed> {
    this.#wake(wait.due);
    return this.#waits.add(wait);
  }

  /** Withdraws it; does nothing when it is not there any more. */
  delete(wait: Seat<Timed>): void {
    this.#waits.delete(wait);
  }

  [Symbol.dispose](): void {
    this.#timer?.timer.cancel();
  }

  #wake(at: number): void {
    if (this.#timer !== undefined && this.#timer.at <= at) return;
    this.#timer?.timer.cancel();
    const ms = Math.max(0, at - this.#clock.now());
    this.#timer = { at, timer: this.#clock.setTimeout(() => this.#look(), ms, { background: true }) };
  }

  #look(): void {
    this.#timer = undefined;
    const now = this.#clock.now();
    let next = Infinity;
    for (const seat of this.#waits.seats()) {
      const { taken: wait } = seat;
      if (wait.due <= now) wait.onDue();
      if (wait.due <= now) this.#waits.delete(seat);
      else next = Math.min(next, wait.due);
    }
    if (next < Infinity) this.#wake(next);
  }
}
