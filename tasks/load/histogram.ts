/** How a {@linkcode Histogram} counts. */
export interface HistogramOptions {
  /** Decimal digits of a value that are kept, 1 to 4: with 3, a quantile is at most a thousandth too high. @default 3 */
  digits?: number;
}

/** The largest value that is told apart from larger ones: 2³¹ − 1, which in microseconds is 35 minutes. */
export const LARGEST = 2 ** 31 - 1;

/**
 * Counts of whole numbers, in memory that does not grow with how many there are.
 *
 * Buckets double in width from one power of two to the next, so that the error is a share of the value and not a fixed
 * amount: 1 ms and 10 s are both told to as many digits. This is the layout of Gil Tene's HdrHistogram.
 *
 * @example
 * ```ts
 * import { Histogram } from "./histogram.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const histogram = new Histogram();
 * for (const value of [10, 20, 30, 40_000]) histogram.record(value);
 * assertEquals([histogram.quantile(0.5), histogram.max, histogram.count], [20, 40_000, 4]);
 * ```
 */
export class Histogram {
  /** Buckets between one power of two and the next. */
  readonly #half: number;
  readonly #halfBits: number;
  readonly #counts: Uint32Array;
  #count = 0;
  #sum = 0;
  #min = LARGEST;
  #max = 0;

  /** @throws {RangeError} when `digits` is no integer from 1 to 4 */
  constructor(options: HistogramOptions = {}) {
    const { digits = 3 } = options;
    if (!Number.isInteger(digits) || digits < 1 || digits > 4) {
      throw new RangeError(`Cannot make a histogram: digits must be an integer from 1 to 4, got ${digits}`);
    }
    this.#halfBits = Math.ceil(Math.log2(10 ** digits));
    this.#half = 1 << this.#halfBits;
    this.#counts = new Uint32Array(this.#indexOf(LARGEST) + 1);
  }

  /** How many values were recorded. */
  get count(): number {
    return this.#count;
  }

  /** The smallest value; 0 when there is none. */
  get min(): number {
    return this.#count === 0 ? 0 : this.#min;
  }

  /** The largest value; 0 when there is none. */
  get max(): number {
    return this.#max;
  }

  /** The average; 0 when there is no value. */
  get mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count;
  }

  /** Counts a value, rounded to a whole number from 0 to {@linkcode LARGEST}. */
  record(value: number): void {
    const whole = Math.min(LARGEST, Math.max(0, Math.round(value)));
    const index = this.#indexOf(whole);
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#count++;
    this.#sum += whole;
    if (whole < this.#min) this.#min = whole;
    if (whole > this.#max) this.#max = whole;
  }

  /**
   * The value that a share of all values do not exceed (nearest rank), at most 1 part in 10^digits too high; 0 when there
   * is none.
   *
   * @param share from 0 to 1
   */
  quantile(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.#count));
    let seen = 0;
    for (const [index, count] of this.#counts.entries()) {
      seen += count;
      if (seen >= rank) return Math.min(this.#highestOf(index), this.#max);
    }
    return this.#max;
  }

  #indexOf(value: number): number {
    const shift = Math.max(0, 31 - Math.clz32(value) - this.#halfBits);
    return shift * this.#half + (value >>> shift);
  }

  /** The largest value that is counted there. */
  #highestOf(index: number): number {
    const shift = Math.max(0, Math.floor(index / this.#half) - 1);
    return (index - shift * this.#half + 1) * 2 ** shift - 1;
  }
}
