import type { Clock, Timer } from "@flotilla/runtime";

/** Ends many waits in time with one timer: it is set anew only for one that ends sooner than all others. */
export class Deadlines implements Disposable {
  readonly #clock: Clock;
  readonly #waits = new Set<{ readonly at: number; readonly onDue: () => void }>();
  #timer: { readonly at: number; readonly timer: Timer } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls back after `ms` milliseconds, unless what is returned is disposed of before. */
  add(ms: number, onDue: () => void): Disposable {
    const wait = { at: this.#clock.now() + ms, onDue };
    this.#waits.add(wait);
    this.#wake(wait.at);
    return { [Symbol.dispose]: () => void this.#waits.delete(wait) };
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
    for (const wait of this.#waits) {
      if (wait.at > now) {
        next = Math.min(next, wait.at);
        continue;
      }
      this.#waits.delete(wait);
      wait.onDue();
    }
    if (next < Infinity) this.#wake(next);
  }
}
