import type { Measurement } from "./measure.ts";

/** What is measured against: every ratio is to this peer. */
export const YARDSTICK = "nginx";

/** A quantity to compare peers by. */
export interface Scale {
  /** What the table says about it, with the first peer's name before. */
  readonly title: string;
  /** How many times better the first is than the second. */
  ratio(own: Measurement, other: Measurement): number;
}

/** Says more than the rate where client and upstream cannot ask for more than a peer can do. */
export const BY_PROCESSOR_TIME: Scale = {
  title: "requests in the processor time of one of",
  ratio: (own, other) => other.microseconds / own.microseconds,
};

export const BY_RATE: Scale = {
  title: "requests in the time of one of",
  ratio: (own, other) => own.requestsPerSecond / other.requestsPerSecond,
};

/** How many requests the first peer does for one of each other, under each workload. */
export function comparison(measurements: readonly Measurement[], scale: Scale): string {
  const [first] = measurements;
  const peers = [...new Set(measurements.map(({ peer }) => peer))].filter((peer) => peer !== first?.peer);
  const workloads = Map.groupBy(measurements, ({ workload }) => workload);
  const rows = [...workloads].map(([workload, group]) => {
    const of = (name?: string) => group.find(({ peer }) => peer === name);
    const ratio = (own?: Measurement, other?: Measurement) =>
      own === undefined || other === undefined ? "" : scale.ratio(own, other).toFixed(2);
    return row([workload, ...peers.map((peer) => ratio(of(first?.peer), of(peer)))]);
  });
  const head = row([`${first?.peer}, ${scale.title}`, ...peers]);
  return [head, row(["---", ...peers.map(() => "---:")]), ...rows].join("\n");
}

function row(cells: readonly (string | number)[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** A Markdown table of one workload: each peer with its ratio to nginx. */
export function table(workload: string, measurements: readonly Measurement[]): string {
  const rows = measurements.filter((measurement) => measurement.workload === workload);
  const yardstick = rows.find(({ peer }) => peer === YARDSTICK)?.requestsPerSecond;
  const lines = rows.map(({ peer, requestsPerSecond, p50, p99, errors, microseconds }) => {
    const ratio = yardstick === undefined ? "" : (requestsPerSecond / yardstick).toFixed(2);
    const figures = [microseconds.toFixed(1), p50.toFixed(2), p99.toFixed(2), errors];
    return row([peer, Math.round(requestsPerSecond), ratio, ...figures]);
  });
  const head = `| ${workload} | requests/s | of ${YARDSTICK} | processor µs | p50 ms | p99 ms | errors |`;
  return [head, "| --- | ---: | ---: | ---: | ---: | ---: | ---: |", ...lines].join("\n");
}
