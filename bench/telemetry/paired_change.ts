/** What is compared: two figures that were measured at the same time, or one right after the other. */
export interface Pair {
  readonly without: number;
  readonly with: number;
}

/** The mean of what pairs tell, and its standard error: two of three times the truth is within one of it, 19 of 20 times within two. */
export interface Estimate {
  readonly mean: number;
  /** `NaN` of a single pair. */
  readonly error: number;
}

/**
 * How something that is done changes a figure, as a share of the figure without it: 0.02 is 2 % more, -0.02 is 2 % less. On a
 * machine that others share, figures drift by more than a few per cent within seconds; so what is compared is never further apart than
 * one pair. The mean is that of the logarithms: of figures that vary as much above as below, neither side counts for more.
 *
 * @throws {RangeError} when there is no pair
 */
export function pairedChange(pairs: readonly Pair[]): Estimate {
  const { mean, error } = estimate(pairs.map((pair) => Math.log(pair.with / pair.without)));
  return { mean: Math.expm1(mean), error };
}

/**
 * By how much something that is done raises a figure, in the figure's own unit.
 *
 * @throws {RangeError} when there is no pair
 */
export function pairedDifference(pairs: readonly Pair[]): Estimate {
  return estimate(pairs.map((pair) => pair.with - pair.without));
}

/** The mean of some figures; `NaN` of none. */
export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function estimate(values: readonly number[]): Estimate {
  if (values.length === 0) throw new RangeError("Cannot tell a change: there is no pair");
  const mean = meanOf(values);
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, error: Math.sqrt(squares / (values.length - 1) / values.length) };
}
