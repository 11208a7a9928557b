/** What one queue did. */
export interface QueueReading {
  readonly contender: string;
  readonly queuedPerSecond: number;
  readonly finishedPerSecond: number;
}

/** A Markdown table, with the ratio of each to the first. */
export function queueTable(readings: readonly QueueReading[]): string {
  const [first] = readings;
  const ratio = (value: number, of: number | undefined) => of === undefined ? "" : (value / of).toFixed(2);
  const rows = readings.map(({ contender, queuedPerSecond, finishedPerSecond }) => {
    const cells = [
      contender,
      Math.round(queuedPerSecond),
      ratio(queuedPerSecond, first?.queuedPerSecond),
      Math.round(finishedPerSecond),
      ratio(finishedPerSecond, first?.finishedPerSecond),
    ];
    return `| ${cells.join(" | ")} |`;
  });
  const head = `| queue | queued/s | of ${first?.contender} | finished/s | of ${first?.contender} |`;
  return [head, "| --- | ---: | ---: | ---: | ---: |", ...rows].join("\n");
}
