import type { Timer } from "@flotilla/runtime";

/** How many requests an upstream may have at once, and how many may wait for a place. */
export interface LimitsOptions {
  /**
   * Requests in flight at one upstream. High enough for streams of events that stay open for hours, low
   * enough that an upstream which stopped answering does not take every descriptor of the process with it.
   *
   * @default 4_096
   */
  connections?: number;
  /**
   * Requests that wait for a place at one upstream; beyond, they are refused at once. A queue longer than
   * what the upstream answers within {@linkcode queueTimeout} would only make requests late that fail all the
   * same.
   *
   * @default 1_024
   */
  queue?: number;
  /**
   * Milliseconds a request waits for a place, at most: as long as a connection may take. A client that is told so late can still
   * come again within the time that people wait for a page.
   *
   * @default 2_000
   */
  queueTimeout?: number;
}

export type Limits = Readonly<Required<LimitsOptions>>;

/**
 * Fills in the defaults.
 *
 * @throws {RangeError} when a limit is out of range
 */
export function readLimits(options: LimitsOptions = {}): Limits {
  const { connections = 4_096, queue = 1_024, queueTimeout = 2_000 } = options;
  if (!(connections >= 1)) {
    throw new RangeError(`Cannot set limits: connections must be at least 1, got ${connections}`);
  }
  if (!(queue >= 0)) throw new RangeError(`Cannot set limits: queue must be at least 0, got ${queue}`);
  if (!(queueTimeout > 0)) {
    throw new RangeError(`Cannot set limits: queueTimeout must be above 0 ms, got ${queueTimeout}`);
  }
  return { connections, queue, queueTimeout };
}

/** A request that waits for a place at an upstream. */
export interface Waiter {
  /** Tries to begin again, at this upstream or elsewhere, now that something has changed. */
  admit(): void;
  readonly timer: Timer | undefined;
}

/** Who waits for a place at one upstream, first come first served. Leaving from the middle costs nothing. */
export class AdmissionQueue {
  readonly #waiters = new Set<Waiter>();

  get size(): number {
    return this.#waiters.size;
  }

  add(waiter: Waiter): void {
    this.#waiters.add(waiter);
  }

  /** Takes one out; false when it was not there any more. */
  remove(waiter: Waiter): boolean {
    waiter.timer?.cancel();
    return this.#waiters.delete(waiter);
  }

  /** Takes out the one that came first. */
  shift(): Waiter | undefined {
    for (const waiter of this.#waiters) {
      this.remove(waiter);
      return waiter;
    }
    return undefined;
  }
}
