// deno-lint-ignore-file no-console -- a terminal program
import { flag, listFlag, number, openKv, readFlags } from "@flotilla/runtime";
import { z } from "zod";
import { describeMachine } from "../machine.ts";
import { keepSection } from "../results_file.ts";
import { loadRecords, sizeOf } from "./many_records.ts";
import { type CountReading, countsTable, measureReads } from "./many_reads.ts";
import { startRecords } from "./record_processes.ts";

const flags = readFlags({
  name: "deno task bench-records",
  summary: "measures size, start-up, lists and reads with ten thousand records and with a million",
}, {
  records: listFlag(number(z.number().int().min(1_000)), { help: "how many there are; several to compare" }),
  port: flag(number(z.number().int()).default(18_100), {
    help: "the store's; the service takes the next one",
  }),
  keep: flag(z.enum(["yes", "no"]).default("yes"), { help: "write bench/RESULTS.md" }),
});

const counts = flags.records.length === 0 ? [10_000, 1_000_000] : flags.records;
const readings: CountReading[] = [];
for (const count of counts) readings.push(await measure(count));

const text = [
  await describeMachine({}),
  `\`${["deno task bench-records", ...Deno.args].join(" ")}\``,
  countsTable(readings),
].join("\n\n");
console.log(`\n${text}`);
if (flags.keep === "yes") await keepSection("Many records", text);

async function measure(records: number): Promise<CountReading> {
  const folder = await Deno.makeTempDir({ prefix: "flotilla-bench-" });
  try {
    const loaded = await load(folder, records);
    await using started = await startRecords({ folder, port: flags.port });
    const reads = await measureReads(started.service, records);
    const reading = {
      records,
      ...loaded,
      bytes: await sizeOf(folder),
      storeStartMs: started.storeStartMs,
      serviceStartMs: started.serviceStartMs,
      ...reads,
    };
    console.log(`${records} records: ${JSON.stringify(reading)}`);
    return reading;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Loads into processes of their own, so that those which are measured have cached nothing. */
async function load(folder: string, records: number): Promise<{ loadSeconds: number }> {
  await using started = await startRecords({ folder, port: flags.port });
  using kv = await openKv(started.store);
  const begun = performance.now();
  await loadRecords(kv, records);
  return { loadSeconds: (performance.now() - begun) / 1_000 };
}
