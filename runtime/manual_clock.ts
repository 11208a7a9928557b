import { setImmediate } from "node:timers";
import type { Clock, Timer } from "./clock.ts";

interface Pending {
  readonly due: number;
  readonly order: number;
  readonly callback: () => void;
}

/**
 * A clock that a test moves by hand.
 *
 * @example
 * ```ts
 * import { ManualClock } from "@flotilla/runtime/testing";
 * import { assertEquals } from "@std/assert";
 *
 * const clock = new ManualClock();
 * let fired = 0;
 * clock.setTimeout(() => fired++, 1_000);
 * await clock.advance(999);
 * assertEquals(fired, 0);
 * await clock.advance(1);
 * assertEquals(fired, 1);
 * ```
 */
export class ManualClock implements Clock {
  #now: number;
  #order = 0;
  readonly #pending = new Set<Pending>();

  /** @param start milliseconds since the Unix epoch; default 2026-01-01T00:00:00Z */
  constructor(start: number = Date.UTC(2026, 0, 1)) {
    this.#now = start;
  }

  now = (): number => this.#now;

  /** How many timers are waiting. */
  get pending(): number {
    return this.#pending.size;
  }

  setTimeout(callback: () => void, ms: number): Timer {
    const pending: Pending = { due: this.#now + Math.max(0, ms), order: this.#order++, callback };
    this.#pending.add(pending);
    const cancel = () => void this.#pending.delete(pending);
    return { cancel, [Symbol.dispose]: cancel };
  }

  /** Moves time on by `ms`, firing what falls due in order and letting promises settle in between. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#pending.delete(next);
      this.#now = Math.max(this.#now, next.due);
      next.callback();
      await settle();
    }
    this.#now = end;
  }

  /** Sets the time without firing anything, as a machine's clock does when it is corrected. */
  jump(ms: number): void {
    this.#now += ms;
  }

  #next(end: number): Pending | undefined {
    let first: Pending | undefined;
    for (const pending of this.#pending) {
      if (pending.due > end) continue;
      if (first === undefined || pending.due < first.due) first = pending;
      else if (pending.due === first.due && pending.order < first.order) first = pending;
    }
    return first;
  }
}

/**
 * Lets everything that is ready run: a turn of the event loop, which comes after every queued microtask. (A message
 * channel would be no such turn: Deno delivers a message that is already there after a few microtasks.)
 */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
