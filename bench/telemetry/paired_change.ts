/** How something that is done changes a figure, measured against doing without it. */
export interface PairedChange {
  /** The middle of what the pairs changed, as a share of the figure without: 0.02 is 2 % more, -0.02 is 2 % less. */
  readonly median: number;
  /** By how much the median may be off: half the width of its 95 % confidence interval. */
  readonly error: number;
  readonly pairs: number;
}

/** Two figures that were measured one right after the other. */
export interface Pair {
  readonly without: number;
  readonly with: number;
}

/** Half the width of a 95 % interval of a normal distribution, in standard deviations. */
const NORMAL_95 = 1.96;
/** A normal distribution's quartiles are so many standard deviations apart. */
const QUARTILES_APART = 1.349;
/** The standard error of a median is so many times that of a mean. */
const MEDIAN_FACTOR = Math.sqrt(Math.PI / 2);

/**
 * What something changes, from pairs of figures. On a machine that others share, figures drift by more than a few per cent
 * within seconds; what is compared is therefore never further apart than one pair, and the middle of many pairs counts.
 *
 * @throws {RangeError} when there is no pair
 */
export function pairedChange(pairs: readonly Pair[]): PairedChange {
  if (pairs.length === 0) throw new RangeError("Cannot tell a change: there is no pair");
  const changes = pairs.map((pair) => pair.with / pair.without - 1).sort((a, b) => a - b);
  const at = (share: number) => interpolated(changes, share * (changes.length - 1));
  const deviation = (at(0.75) - at(0.25)) / QUARTILES_APART;
  const error = NORMAL_95 * MEDIAN_FACTOR * deviation / Math.sqrt(changes.length);
  return { median: at(0.5), error, pairs: changes.length };
}

/** The middle of some figures; `NaN` of none. */
export function middle(values: readonly number[]): number {
  return interpolated(values.toSorted((a, b) => a - b), (values.length - 1) / 2);
}

function interpolated(sorted: readonly number[], place: number): number {
  const below = sorted[Math.floor(place)] ?? NaN;
  const above = sorted[Math.ceil(place)] ?? below;
  return below + (above - below) * (place - Math.floor(place));
}
