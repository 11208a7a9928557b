/** Of several rounds, for each group the reading with the middle rate. */
export function medians<R extends { readonly requestsPerSecond: number }>(
  readings: readonly R[],
  groupOf: (reading: R) => string,
): R[] {
  return [...Map.groupBy(readings, groupOf).values()].flatMap((group) => {
    const sorted = group.toSorted((a, b) => a.requestsPerSecond - b.requestsPerSecond);
    const middle = Math.floor((sorted.length - 1) / 2);
    return sorted.slice(middle, middle + 1);
  });
}
