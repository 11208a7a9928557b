/** What one queue did. */
export interface QueueReading {
  readonly contender: string;
  readonly queued: StageReading;
  readonly finished: StageReading;
}

/** What it took to queue all tasks, or to run them. */
export interface StageReading {
  /** Tasks a second. */
  readonly rate: number;
  /** Microseconds of processor time a task: of the process that queues or runs, and of the one that keeps the tasks. */
  readonly own: number;
  readonly server: number;
  /** Flushes to the disk for a thousand tasks, where they could be counted. */
  readonly flushes: number | undefined;
}

/** A Markdown table, with the ratio of each to the first. */
export function queueTable(
  readings: readonly QueueReading[],
  { stage, concurrency }: { stage: "queued" | "finished"; concurrency: number },
): string {
  const [first] = readings;
  const rows = readings.map((reading) => {
    const { rate, own, server, flushes } = reading[stage];
    const ratio = first === undefined ? "" : (rate / first[stage].rate).toFixed(2);
    const cells = [
      reading.contender,
      Math.round(rate),
      ratio,
      Math.round(own),
      Math.round(server),
      flushes ?? "?",
    ];
    return `| ${cells.join(" | ")} |`;
  });
  const head =
    `| ${stage}, ${concurrency} at a time | tasks/s | of ${first?.contender} | µs of the client | µs of the server | flushes for 1,000 |`;
  return [head, "| --- | ---: | ---: | ---: | ---: | ---: |", ...rows].join("\n");
}
