/** Of several rounds, for each group the reading that is in the middle by its rate, or by what `by` gives. */
export function medians<R extends { readonly requestsPerSecond: number }>(
  readings: readonly R[],
  groupOf: (reading: R) => string,
  by: (reading: R) => number = ({ requestsPerSecond }) => requestsPerSecond,
): R[] {
  return [...Map.groupBy(readings, groupOf).values()].flatMap((group) => {
    const sorted = group.toSorted((a, b) => by(a) - by(b));
    const middle = Math.floor((sorted.length - 1) / 2);
    return sorted.slice(middle, middle + 1);
  });
}
