import type { WrkResult } from "../wrk.ts";
import type { Sources } from "./contender.ts";

/** What one contender did with one way of choosing keys. */
export interface Reading extends WrkResult {
  readonly contender: string;
  readonly mode: string;
  /** Where the contender found what was read, if it tells. */
  readonly sources?: Sources;
}

const TITLES: Readonly<Record<string, string>> = {
  hot: "hot: one record",
  zipf: "Zipf: 100,000 records, s = 1",
  once: "cold: each record once",
};

/** Where those contenders that tell found what was read; empty when none does. */
export function sourcesText(mode: string, readings: readonly Reading[]): string {
  return readings.filter((reading) => reading.mode === mode).flatMap(({ contender, sources }) => {
    if (sources === undefined) return [];
    const { near, shared, database } = sources;
    const share = (part: number) => `${(100 * part / (near + shared + database)).toFixed(2)} %`;
    return [
      `${contender} found ${share(near)} of them in the services' near caches, ${
        share(shared)
      } in the shared ` +
      `cache and ${share(database)} in the database.`,
    ];
  }).join("\n");
}

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
