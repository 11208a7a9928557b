import type { WrkResult } from "../wrk.ts";

/** What one contender did with one way of choosing keys. */
export interface Reading extends WrkResult {
  readonly contender: string;
  readonly mode: string;
}

const TITLES: Readonly<Record<string, string>> = {
  hot: "hot: one record",
  zipf: "Zipf: 100,000 records, s = 1",
  once: "cold: each record once",
};

/** A Markdown table of one mode: each contender with its ratio to the first peer, the one after Flotilla. */
export function readingsTable(mode: string, readings: readonly Reading[]): string {
  const rows = readings.filter((reading) => reading.mode === mode);
  const yardstick = rows.find(({ contender }) => contender !== "Flotilla");
  const lines = rows.map(({ contender, requestsPerSecond, p50, p99, errors }) => {
    const ratio = yardstick === undefined ? "" : (requestsPerSecond / yardstick.requestsPerSecond).toFixed(2);
    const cells = [contender, Math.round(requestsPerSecond), ratio, p50.toFixed(2), p99.toFixed(2), errors];
    return `| ${cells.join(" | ")} |`;
  });
  const head = `| ${TITLES[mode] ?? mode} | requests/s | of the peer | p50 ms | p99 ms | errors |`;
  return [head, "| --- | ---: | ---: | ---: | ---: | ---: |", ...lines].join("\n");
}
