/** Draws an index, each as often as its weight is of the sum of all. */
export type Draw = () => number;

/**
 * Makes a draw by weights, in logarithmic time.
 *
 * @throws {RangeError} when there is no weight, or one is below 0, or all are 0
 */
export function weightedDraw(weights: readonly number[], random: () => number): Draw {
  const sums: number[] = [];
  let sum = 0;
  for (const weight of weights) {
    if (!(weight >= 0)) {
      throw new RangeError(`Cannot draw by weight: a weight must be 0 or more, got ${weight}`);
    }
    sum += weight;
    sums.push(sum);
  }
  if (sum <= 0) {
    throw new RangeError(`Cannot draw by weight: the weights must come to more than 0, got ${sum}`);
  }
  return () => firstAbove(sums, random() * sum);
}

/**
 * The weights of `count` things of which a few are asked for often and most seldom: the n-th is 1/n^exponent as popular as
 * the first (Zipf's law, which requests for web pages keep to; Breslau et al., INFOCOM 1999). With 0 all are alike.
 */
export function zipfWeights(count: number, exponent: number): number[] {
  return Array.from({ length: count }, (_, index) => 1 / (index + 1) ** exponent);
}

function firstAbove(ascending: readonly number[], value: number): number {
  let low = 0;
  let high = ascending.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] ?? Infinity) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
