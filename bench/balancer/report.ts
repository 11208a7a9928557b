import type { Measurement } from "./measure.ts";

/** What is measured against: every ratio is to this peer. */
export const YARDSTICK = "nginx";

/** A Markdown table of one workload: each peer with its ratio to nginx. */
export function table(workload: string, measurements: readonly Measurement[]): string {
  const rows = measurements.filter((measurement) => measurement.workload === workload);
  const yardstick = rows.find(({ peer }) => peer === YARDSTICK)?.requestsPerSecond;
  const lines = rows.map(({ peer, requestsPerSecond, p50, p99, errors }) => {
    const ratio = yardstick === undefined ? "" : (requestsPerSecond / yardstick).toFixed(2);
    const cells = [peer, Math.round(requestsPerSecond), ratio, p50.toFixed(2), p99.toFixed(2), errors];
    return `| ${cells.join(" | ")} |`;
  });
  const head = `| ${workload} | requests/s | of ${YARDSTICK} | p50 ms | p99 ms | errors |`;
  return [head, "| --- | ---: | ---: | ---: | ---: | ---: |", ...lines].join("\n");
}
