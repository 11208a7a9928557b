import { renderTable } from "../table.ts";
import { milliseconds, percent, shareLines } from "./bars.ts";
import { blockPlot } from "./block_plot.ts";
import { hitRatioOf } from "./live_view.ts";
import type { LoadReport } from "./load_report.ts";
import type { LatencySummary } from "./tally.ts";

/** Renders what a load came to, for a terminal. */
export function renderReport(report: LoadReport): string {
  return [head(report), steps(report), spread(report), plots(report), findings(report)]
    .filter((part) => part !== "").join("\n\n");
}

/** Renders the same load against several strategies side by side. */
export function renderComparison(reports: readonly LoadReport[]): string {
  const rows = reports.map((report) => [
    report.strategy ?? "as it runs",
    String(report.requests),
    String(report.failed),
    ...latencyCells(report.latency),
    percent(report.hitRatio),
    Object.values(report.gateways).join(" / "),
    Object.values(report.upstreams).join(" / "),
  ]);
  const headings = [
    "STRATEGY",
    "REQUESTS",
    "FAILED",
    ...LATENCY_HEADINGS,
    "HITS",
    "BY GATEWAY",
    "BY INSTANCE",
  ];
  return renderTable(headings, rows);
}

const LATENCY_HEADINGS = ["MEAN", "P50", "P90", "P99", "P99.9", "MAX"];

function latencyCells({ mean, p50, p90, p99, p999, max }: LatencySummary): string[] {
  return [mean, p50, p90, p99, p999, max].map(milliseconds);
}

function head({ scenario, summary, rate, duration, requests, failed, url, strategy }: LoadReport): string {
  const through = strategy === undefined ? "" : ` through a ${strategy} balancer`;
  return `${scenario}: ${summary}\n${requests} requests to ${url}${through}, ${rate} a second for ${duration} s, ` +
    `open loop; ${failed} failed`;
}

function steps({ steps, requests, failed, latency }: LoadReport): string {
  const rows = [...steps, { name: "all", requests, failed, latency }].map((
    step,
  ) => [step.name, String(step.requests), String(step.failed), ...latencyCells(step.latency)]);
  return renderTable(["REQUEST", "COUNT", "FAILED", ...LATENCY_HEADINGS], rows);
}

function spread({ gateways, upstreams }: LoadReport): string {
  return [
    "spread over gateways",
    ...shareLines(gateways),
    "spread over instances behind them",
    ...shareLines(upstreams),
  ]
    .join("\n");
}

function plots({ seconds, kills, hitRatio }: LoadReport): string {
  const p99 = blockPlot(seconds.map((slice) => slice.p99), { label: milliseconds });
  const hits = blockPlot(seconds.map(hitRatioOf), { top: 1, label: percent });
  const failed = blockPlot(seconds.map((slice) => slice.failed), { height: 2 });
  return [
    ...["p99 of each second", ...p99],
    ...(hitRatio === undefined ? [] : [`hit ratio of each second, ${percent(hitRatio)} in all`, ...hits]),
    ...(kills.length === 0 ? [] : ["failed requests of each second", ...failed]),
  ].join("\n");
}

function findings({ kills, idempotentFailures, tasks, failures }: LoadReport): string {
  const { whileDetecting, otherwise } = idempotentFailures;
  const why = Object.entries(failures).map(([reason, count]) => `failed with ${reason}: ${count}`);
  const killed = kills.map(({ instance, pid, at }) =>
    `killed ${instance} (process ${pid}) ${(at / 1_000).toFixed(1)} s into the load`
  );
  const detected = kills.length === 0 ? [] : [
    `idempotent requests that failed while a death was being found out: ${whileDetecting}; after detection: ${otherwise}`,
  ];
  const settled = tasks?.settledAfter === undefined
    ? "not all over yet"
    : `all over ${tasks.settledAfter.toFixed(1)} s after the load`;
  const statuses = Object.entries(tasks?.statuses ?? {}).map(([status, count]) => `${count} ${status}`);
  const started = tasks === undefined
    ? []
    : [`${tasks.started} tasks started: ${statuses.join(", ") || "none told"}; ${settled}`];
  return [...why, ...killed, ...detected, ...started].join("\n");
}
