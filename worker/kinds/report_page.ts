import { escapeMarkup } from "./markup.ts";
import { type Bar, barChart } from "./report_chart.ts";
import type { ReportSummary, SizeSummary } from "./report_tally.ts";

/** Bars of a chart: more than that nobody reads. */
const BARS = 20;
const COLUMNS = ["count", "bytes", "min", "median", "p95", "max"] as const;

/** The report's chart: how many records each prefix has. */
export function reportChart({ prefixes }: ReportSummary): string {
  return barChart("Records by prefix", largest(prefixes));
}

/** The report as a page that stands alone: no script, and nothing from elsewhere. */
export function reportPage(summary: ReportSummary, made: Date): string {
  const { prefixes, days } = summary;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Report of ${summary.count} records</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
  svg { width: 100%; height: auto }
  table { border-collapse: collapse; width: 100%; margin: 1rem 0 2rem }
  caption { text-align: left; font-weight: 600 }
  th, td { padding: .3rem .6rem; border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent) }
  td { text-align: right; font-variant-numeric: tabular-nums }
  th { text-align: left }
</style>
<h1>Report of ${summary.count} records</h1>
<p>Made on <time>${made.toISOString()}</time>. Sizes are bytes of the values as JSON.</p>
${table("All", { all: summary })}
${reportChart(summary)}
${table("By prefix", prefixes)}
${
    barChart(
      "Records by day",
      Object.entries(days).slice(-BARS).map(([label, { count }]) => ({ label, value: count })),
    )
  }
${table("By day", days)}
</html>
`;
}

function largest(groups: Readonly<Record<string, SizeSummary>>): Bar[] {
  const bars = Object.entries(groups).map(([label, { count }]) => ({ label, value: count }));
  return bars.sort((one, other) => other.value - one.value).slice(0, BARS);
}

function table(caption: string, groups: Readonly<Record<string, SizeSummary>>): string {
  const rows = Object.entries(groups).map(([name, sizes]) =>
    `<tr><th scope="row">${escapeMarkup(name)}</th>${
      COLUMNS.map((column) => `<td>${sizes[column]}</td>`).join("")
    }</tr>`
  );
  const head = COLUMNS.map((column) => `<th scope="col">${column}</th>`).join("");
  return `<table><caption>${caption}</caption><thead><tr><th scope="col">name</th>${head}</tr></thead>` +
    `<tbody>${rows.join("\n")}</tbody></table>`;
}
