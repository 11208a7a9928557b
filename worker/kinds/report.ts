import { z } from "zod";
import { defineTask } from "../engine/define_task.ts";
import { reportCsv } from "./report_csv.ts";
import { reportChart, reportPage } from "./report_page.ts";
import { ReportTally } from "./report_tally.ts";
import { readRecords } from "./service_records.ts";

/**
 * Reads the records that its owner may read and tells how many there are, how large, and how they are spread over
 * prefixes and days: as its result, as `report.csv`, as a chart (`report.svg`) and as a page (`report.html`).
 */
export const report = defineTask({
  name: "report",
  input: z.strictObject({
    /** Only records whose id begins with this. */
    prefix: z.string().min(1).max(256).optional(),
  }),
  timeout: 3_600_000,
  async run({ input, service, progress, log, artifact }) {
    const tally = new ReportTally();
    let pages = 0;
    for await (const page of readRecords(service, input)) {
      for (const record of page) tally.add(record);
      pages++;
      // How many there are is known at the end only: each page covers a part of what is left.
      progress(0.95 * (1 - 1 / (1 + pages / 8)), `${tally.count} records read`);
    }
    log(`${tally.count} records on ${pages} pages`);
    const summary = tally.summary();
    await artifact("report.csv", "text/csv; charset=utf-8").write(reportCsv(summary));
    await artifact("report.svg", "image/svg+xml").write(reportChart(summary));
    await artifact("report.html", "text/html; charset=utf-8").write(reportPage(summary, new Date()));
    progress(1, `${tally.count} records`);
    return { ...summary, filter: input };
  },
});
