import type { Measurement } from "./measure.ts";

/** What is measured against: every ratio is to this peer. */
export const YARDSTICK = "nginx";

/** How many requests a second the first peer does for one of each other, under each workload. */
export function comparison(measurements: readonly Measurement[]): string {
  const [own] = measurements;
  const peers = [...new Set(measurements.map(({ peer }) => peer))].filter((peer) => peer !== own?.peer);
  const workloads = Map.groupBy(measurements, ({ workload }) => workload);
  const rows = [...workloads].map(([workload, group]) => {
    const rate = (name?: string) => group.find(({ peer }) => peer === name)?.requestsPerSecond ?? NaN;
    return row([workload, ...peers.map((peer) => (rate(own?.peer) / rate(peer)).toFixed(2))]);
  });
  const head = row([`${own?.peer}, requests for one of`, ...peers]);
  return [head, row(["---", ...peers.map(() => "---:")]), ...rows].join("\n");
}

function row(cells: readonly (string | number)[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** A Markdown table of one workload: each peer with its ratio to nginx. */
export function table(workload: string, measurements: readonly Measurement[]): string {
  const rows = measurements.filter((measurement) => measurement.workload === workload);
  const yardstick = rows.find(({ peer }) => peer === YARDSTICK)?.requestsPerSecond;
  const lines = rows.map(({ peer, requestsPerSecond, p50, p99, errors }) => {
    const ratio = yardstick === undefined ? "" : (requestsPerSecond / yardstick).toFixed(2);
    return row([peer, Math.round(requestsPerSecond), ratio, p50.toFixed(2), p99.toFixed(2), errors]);
  });
  const head = `| ${workload} | requests/s | of ${YARDSTICK} | p50 ms | p99 ms | errors |`;
  return [head, "| --- | ---: | ---: | ---: | ---: | ---: |", ...lines].join("\n");
}
