import { stringify } from "@std/csv/stringify";
import { z } from "zod";
import { defineTask } from "../engine/define_task.ts";
import { inertCell } from "./inert_cell.ts";
import { readRecords, type ServiceRecord } from "./service_records.ts";

const COLUMNS = ["id", "created", "updated", "version", "value"];

const formats = {
  jsonl: { file: "data.jsonl", type: "application/jsonl", head: "", lines: jsonLines },
  csv: {
    file: "data.csv",
    type: "text/csv; charset=utf-8",
    head: `${COLUMNS.join(",")}\r\n`,
    lines: csvLines,
  },
} as const;

/** Writes the records that its owner may read to a file: as JSON Lines, which `import` takes again, or as CSV. */
export const exportRecords = defineTask({
  name: "export",
  input: z.strictObject({
    format: z.enum(["jsonl", "csv"]).default("jsonl"),
    /** Only records whose id begins with this. */
    prefix: z.string().min(1).max(200).optional(),
  }),
  timeout: 3_600_000,
  async run({ input, service, progress, artifact }) {
    const { file, type, head, lines } = formats[input.format];
    const writer = artifact(file, type);
    await writer.write(head);
    let count = 0;
    let pages = 0;
    for await (const page of readRecords(service, input)) {
      await writer.write(lines(page));
      count += page.length;
      pages++;
      progress(0.95 * (1 - 1 / (1 + pages / 8)), `${count} records written`);
    }
    return { count, file };
  },
});

function jsonLines(records: readonly ServiceRecord[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join("");
}

function csvLines(records: readonly ServiceRecord[]): string {
  const rows = records.map(({ id, value, created, updated, version }) => ({
    id: inertCell(id),
    created,
    updated,
    version,
    value: inertCell(typeof value === "string" ? value : JSON.stringify(value)),
  }));
  return stringify(rows, { columns: COLUMNS, headers: false });
}
