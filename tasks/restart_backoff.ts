/** How {@linkcode RestartBackoff} grows. */
export interface RestartBackoffOptions {
  /** Milliseconds before the first restart. @default 100 */
  initial?: number;
  /** Most milliseconds before a restart. @default 10_000 */
  max?: number;
  /** A process that ran this many milliseconds counts as healthy: its next restart is a first one. @default 30_000 */
  resetAfter?: number;
}

/** How long a process that died waits before it is started again: doubled each time, up to a ceiling. */
export class RestartBackoff {
  readonly #initial: number;
  readonly #max: number;
  readonly #resetAfter: number;
  #next: number;

  /** @throws {RangeError} when `initial` is not above 0, or `max` is below it */
  constructor(options: RestartBackoffOptions = {}) {
    const { initial = 100, max = 10_000, resetAfter = 30_000 } = options;
    if (!(initial > 0)) {
      throw new RangeError(`Cannot back off: initial must be above 0, current value is ${initial}`);
    }
    if (max < initial) {
      throw new RangeError(`Cannot back off: max must be at least initial, current value is ${max}`);
    }
    this.#initial = initial;
    this.#max = max;
    this.#resetAfter = resetAfter;
    this.#next = initial;
  }

  /**
   * Milliseconds to wait now that the process has died.
   *
   * @param ranFor milliseconds that it ran
   */
  delayAfter(ranFor: number): number {
    if (ranFor >= this.#resetAfter) this.#next = this.#initial;
    const delay = this.#next;
    this.#next = Math.min(this.#max, delay * 2);
    return delay;
  }
}
