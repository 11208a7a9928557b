import type { Monotonic } from "./monotonic.ts";

/** How much of the traffic may be retries. */
export interface RetryBudgetOptions {
  /**
   * Retries earned by each request, 0 to 1. As with Envoy and Finagle: retries add a fifth to the load at most, when
   * everything fails.
   *
   * @default 0.2
   */
  ratio?: number;
  /**
   * Retries a second that are granted however little traffic there is, where a share of it would be none. Finagle's number; no
   * server notices ten requests a second.
   *
   * @default 10
   */
  perSecond?: number;
  /**
   * Milliseconds over which unused retries are saved up. Long enough that the requests inside an upstream
   * that freezes can all be moved: between two upstreams, half of the traffic of the 1.5 s until the checks
   * notice.
   *
   * @default 10_000
   */
  window?: number;
}

/**
 * Fills in the defaults.
 *
 * @throws {RangeError} when one is out of range
 */
export function readRetryBudget(options: RetryBudgetOptions = {}): Readonly<Required<RetryBudgetOptions>> {
  const { ratio = 0.2, perSecond = 10, window = 10_000 } = options;
  if (!(ratio >= 0 && ratio <= 1)) {
    throw new RangeError(`Cannot budget retries: ratio must be 0 to 1, got ${ratio}`);
  }
  if (!(perSecond >= 0)) {
    throw new RangeError(`Cannot budget retries: perSecond must be at least 0, got ${perSecond}`);
  }
  if (!(window > 0)) throw new RangeError(`Cannot budget retries: window must be above 0 ms, got ${window}`);
  return { ratio, perSecond, window };
}

/** Time is cut into so many slices; what a slice earned is lost when it leaves the window. */
const SLICES = 10;

/**
 * Keeps retries a bounded share of the traffic, so that they cannot multiply the load on what is failing
 * already. Each request deposits a fraction of a retry, deposits expire after the window, a floor is granted
 * to quiet systems (as in Finagle and Tower).
 */
export class RetryBudget {
  readonly #ratio: number;
  readonly #reserve: number;
  readonly #slice: number;
  readonly #now: Monotonic;
  readonly #earned = new Float64Array(SLICES);
  readonly #spent = new Float64Array(SLICES);
  #current: number;

  constructor(options: RetryBudgetOptions, now: Monotonic) {
    const { ratio, perSecond, window } = readRetryBudget(options);
    this.#ratio = ratio;
    this.#reserve = (perSecond * window) / 1_000;
    this.#slice = window / SLICES;
    this.#now = now;
    this.#current = Math.floor(now() / this.#slice);
  }

  /** Retries that could be made now. */
  get balance(): number {
    this.#turn();
    const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0);
    return Math.max(0, this.#reserve + sum(this.#earned) - sum(this.#spent));
  }

  /** A client's request has come. */
  deposit(now: number): void {
    const slice = Math.floor(now / this.#slice);
    if (slice !== this.#current) this.#turn();
    const index = this.#current % SLICES;
    this.#earned[index] = (this.#earned[index] ?? 0) + this.#ratio;
  }

  /** Pays for one retry; false when there is nothing left to pay with. */
  withdraw(): boolean {
    if (this.balance < 1) return false;
    const index = this.#current % SLICES;
    this.#spent[index] = (this.#spent[index] ?? 0) + 1;
    return true;
  }

  #turn(): void {
    const slice = Math.floor(this.#now() / this.#slice);
    const passed = Math.min(SLICES, slice - this.#current);
    for (let i = 1; i <= passed; i++) {
      const index = (this.#current + i) % SLICES;
      this.#earned[index] = 0;
      this.#spent[index] = 0;
    }
    if (slice > this.#current) this.#current = slice;
  }
}
