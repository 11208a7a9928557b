import { stringify } from "@std/csv/stringify";
import { inertCell } from "./inert_cell.ts";
import type { ReportSummary, SizeSummary } from "./report_tally.ts";

const COLUMNS = ["group", "name", "count", "bytes", "min", "median", "p95", "max"];

/** A report as one table (RFC 4180): a line for all records, one for each prefix and one for each day. */
export function reportCsv(summary: ReportSummary): string {
  const rows = [
    row("all", "", summary),
    ...Object.entries(summary.prefixes).map(([name, sizes]) => row("prefix", name, sizes)),
    ...Object.entries(summary.days).map(([name, sizes]) => row("day", name, sizes)),
  ];
  return stringify(rows, { columns: COLUMNS });
}

function row(group: string, name: string, { count, bytes, min, median, p95, max }: SizeSummary) {
  return { group, name: inertCell(name), count, bytes, min, median, p95, max };
}
