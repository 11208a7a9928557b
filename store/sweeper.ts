import { getLogger } from "@logtape/logtape";
import type { Clock, Timer } from "@flotilla/runtime";
import { StorageFailure } from "./storage_failure.ts";
import type { Table } from "./table.ts";

/** What a {@linkcode Sweeper} works with. */
export interface SweeperOptions {
  table: Table;
  clock: Clock;
  /** Milliseconds between two looks for what has expired. */
  interval: number;
  /** Told how many entries were deleted. */
  onExpired(entries: number): void;
}

/** Entries deleted in one transaction: it holds the event loop for a few milliseconds at most. */
const ENTRIES_PER_SWEEP = 500;
/** Milliseconds between two transactions while there is more to delete, in which requests have their turn. */
const PAUSE = 10;

/**
 * Deletes what has expired, in small transactions. Nobody waits for it: a read does not see an expired entry whether it
 * is still stored or not.
 */
export class Sweeper implements Disposable {
  readonly #options: SweeperOptions;
  readonly #logger = getLogger(["flotilla", "store"]);
  #timer: Timer | undefined;

  constructor(options: SweeperOptions) {
    this.#options = options;
  }

  /** Begins; a second call changes nothing. */
  start(): void {
    this.#timer ??= this.#after(this.#options.interval);
  }

  [Symbol.dispose](): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #after(ms: number): Timer {
    return this.#options.clock.setTimeout(
      () => {
        this.#timer = this.#after(this.#sweep() === ENTRIES_PER_SWEEP ? PAUSE : this.#options.interval);
      },
      ms,
      { background: true },
    );
  }

  #sweep(): number {
    const { table, clock, onExpired } = this.#options;
    const now = clock.now();
    try {
      if ((table.nextExpiry() ?? Infinity) > now) return 0;
      const removed = table.transaction(() => table.removeExpired(now, ENTRIES_PER_SWEEP));
      onExpired(removed);
      return removed;
    } catch (error) {
      const failure = error instanceof StorageFailure ? error : new StorageFailure(error);
      this.#logger.warn("Expired entries could not be deleted: {failure}", { failure });
      return 0;
    }
  }
}
