import { milliseconds, percent } from "./bars.ts";
import { hitRatioOf } from "./live_view.ts";
import type { LoadReport } from "./load_report.ts";
import { PAGE_STYLE } from "./page_style.ts";
import { DETECTION } from "./scenario.ts";
import { escapeHtml, type Mark, niceTop, type Series, svgChart } from "./svg_chart.ts";
import type { LatencySummary } from "./tally.ts";

/** Renders reports as one page that needs nothing else: no script, no other file, no other site. */
export function renderPage(reports: readonly LoadReport[]): string {
  const [first] = reports;
  const title = first === undefined ? "Load" : `Load: ${first.scenario}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(first?.summary ?? "")}</p>
${reports.length > 1 ? comparison(reports) : ""}
${reports.map(section).join("\n")}
</body>
</html>
`;
}

function comparison(reports: readonly LoadReport[]): string {
  const nameOf = ({ strategy }: LoadReport) => strategy ?? "as it runs";
  const rows = reports.map((report) => [
    nameOf(report),
    String(report.requests),
    String(report.failed),
    ...latencyCells(report.latency),
    percent(report.hitRatio),
    Object.values(report.gateways).join(" / "),
  ]);
  const p99 = reports.map((report) => ({
    name: nameOf(report),
    values: report.seconds.map((slice) => slice.p99),
  }));
  return `<section><h2>Side by side</h2>` +
    table(["Strategy", "Requests", "Failed", ...LATENCY_HEADINGS, "Hits", "By gateway"], rows) +
    svgChart({ title: "p99 of each second, by strategy", series: p99, label: milliseconds }) + `</section>`;
}

function section(report: LoadReport): string {
  const { steps, latency, requests, failed, rate, duration, url, began, strategy } = report;
  const rows = [...steps, { name: "all", requests, failed, latency }].map((
    step,
  ) => [step.name, String(step.requests), String(step.failed), ...latencyCells(step.latency)]);
  const through = strategy === undefined ? "" : `, through a ${strategy} balancer`;
  return `<section><h2>${escapeHtml(strategy ?? "The load")}</h2>
<p>${requests} requests to ${escapeHtml(url)}${
    escapeHtml(through)
  }, ${rate} a second for ${duration} s in an open loop,
from <time datetime="${began}">${began.replace("T", " ").slice(0, 19)} UTC</time>.
Latency counts from when a request was due.</p>
${findings(report)}
${table(["Request", "Count", "Failed", ...LATENCY_HEADINGS], rows)}
${charts(report)}
${table(["Instance", "Answers"], Object.entries({ ...report.gateways, ...report.upstreams }).map(cellsOf))}
</section>`;
}

function charts({ seconds, upstreams, hitRatio, kills }: LoadReport): string {
  const marks: Mark[] = kills.map(({ instance, at }) => ({
    label: `${instance} killed`,
    at: at / 1_000,
    lasts: DETECTION / 1_000,
  }));
  const series = (name: string, value: (slice: LoadReport["seconds"][number]) => number): Series => ({
    name,
    values: seconds.map(value),
  });
  const spread = Object.keys(upstreams).map((name) =>
    series(name, ({ byUpstream }) => byUpstream[name] ?? 0)
  );
  return [
    svgChart({
      title: "Latency of each second",
      series: [series("p50", ({ p50 }) => p50), series("p99", ({ p99 }) => p99)],
      label: milliseconds,
      marks,
    }),
    svgChart({ title: "Answers a second by instance", series: spread, kind: "layers", marks }),
    hitRatio === undefined ? "" : svgChart({
      title: "Cache hit ratio of each second",
      series: [series("hit ratio", hitRatioOf)],
      top: 1,
      label: percent,
      marks,
    }),
    svgChart({
      title: "Failed requests of each second",
      series: [
        series("all", ({ failed }) => failed),
        series("idempotent", ({ failedIdempotent }) => failedIdempotent),
      ],
      top: niceTop(Math.max(LEAST_TOP, ...seconds.map(({ failed }) => failed))),
      marks,
    }),
  ].join("\n");
}

function findings({ failures, kills, idempotentFailures, tasks, hitRatio }: LoadReport): string {
  const { whileDetecting, otherwise } = idempotentFailures;
  const items = [
    ...Object.entries(failures).map(([why, count]) => `${count} failed with ${why}`),
    ...kills.map(({ instance, pid, at }) =>
      `${instance} (process ${pid}) killed at ${(at / 1_000).toFixed(1)} s`
    ),
    ...(kills.length === 0 ? [] : [
      `idempotent requests that failed within ${
        DETECTION / 1_000
      } s of a kill: ${whileDetecting}; after that: ${otherwise}`,
    ]),
    ...(hitRatio === undefined ? [] : [`${percent(hitRatio)} of the reads came from a cache`]),
    ...(tasks === undefined ? [] : [
      `${tasks.started} tasks started, ${
        tasks.settledAfter === undefined
          ? "not all over yet"
          : `all over ${tasks.settledAfter.toFixed(1)} s after the load`
      }`,
    ]),
  ];
  return items.length === 0 ? "" : `<ul>${items.map((item) => `<li>${escapeHtml(item)}</li>`).join("")}</ul>`;
}

/** What counts whole things needs no fractions on its axis. */
const LEAST_TOP = 4;
const LATENCY_HEADINGS = ["Mean", "p50", "p90", "p99", "p99.9", "Max"];

function latencyCells({ mean, p50, p90, p99, p999, max }: LatencySummary): string[] {
  return [mean, p50, p90, p99, p999, max].map(milliseconds);
}

function cellsOf([name, count]: [string, number]): string[] {
  return [name, String(count)];
}

function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const head = headings.map((heading) => `<th scope="col">${escapeHtml(heading)}</th>`).join("");
  const body = rows.map(([name = "", ...cells]) =>
    `<tr><th scope="row">${escapeHtml(name)}</th>${
      cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join("")
    }</tr>`
  ).join("");
  // Reached by keyboard, so that a table wider than a phone can be scrolled.
  return `<div class="scroll" tabindex="0" role="group" aria-label="${escapeHtml(headings[0] ?? "")}">` +
    `<table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
}
