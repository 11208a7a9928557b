/** What something costs, measured against doing without it. */
export interface PairedCost {
  /** The middle of what the pairs lost, as a share of the rate without: 0.02 is 2 %; below 0 when nothing was lost. */
  readonly median: number;
  /** Half of the pairs lost between these two shares. */
  readonly quartiles: readonly [number, number];
  /** By how much the median may be off: half the width of its 95 % confidence interval. */
  readonly error: number;
  readonly pairs: number;
}

/** Two rates that were measured one right after the other. */
export interface RatePair {
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
 * What is lost by something, from pairs of rates. On a machine that others share, rates drift by more than a few per cent
 * within seconds; what is compared is therefore never further apart than one pair, and the middle of many pairs counts.
 *
 * @throws {RangeError} when there is no pair
 */
export function pairedCost(pairs: readonly RatePair[]): PairedCost {
  if (pairs.length === 0) throw new RangeError("Cannot tell a cost: there is no pair");
  const losses = pairs.map((pair) => 1 - pair.with / pair.without).sort((a, b) => a - b);
  const at = (share: number) => interpolated(losses, share * (losses.length - 1));
  const quartiles = [at(0.25), at(0.75)] as const;
  const deviation = (quartiles[1] - quartiles[0]) / QUARTILES_APART;
  const error = NORMAL_95 * MEDIAN_FACTOR * deviation / Math.sqrt(losses.length);
  return { median: at(0.5), quartiles, error, pairs: losses.length };
}

function interpolated(sorted: readonly number[], place: number): number {
  const below = sorted[Math.floor(place)] ?? 0;
  const above = sorted[Math.ceil(place)] ?? below;
  return below + (above - below) * (place - Math.floor(place));
}
