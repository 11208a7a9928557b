// deno-lint-ignore-file no-console -- a terminal program
import { flag, readFlags } from "@flotilla/runtime";
import { dirname, fromFileUrl } from "@std/path";
import { z } from "zod";
import { describeMachine } from "../machine.ts";
import { runPinned } from "../pinned.ts";
import { keepSection } from "../results_file.ts";

const flags = readFlags({
  name: "deno task bench-picks",
  summary: "tells what a strategy's pick costs at 2, 100 and 10,000 upstreams",
}, {
  keep: flag(z.enum(["yes", "no"]).default("yes"), { help: "write bench/RESULTS.md" }),
});

/** What `deno bench --json` prints, as far as it is used; times are nanoseconds. */
const reportSchema = z.object({
  benches: z.array(z.object({
    group: z.string(),
    results: z.tuple([z.object({ ok: z.object({ avg: z.number() }) })]),
  })),
});

const ROOT = dirname(dirname(dirname(fromFileUrl(import.meta.url))));
const command = ["deno", "bench", "--json", `${ROOT}/balancer/strategy_bench.ts`];
const report = reportSchema.parse(JSON.parse(await runPinned(command, {})));
const strategies = Map.groupBy(report.benches, ({ group }) => group);
const rows = [...strategies].map(([strategy, benches]) => {
  const costs = benches.map(({ results: [{ ok }] }) => Math.round(ok.avg));
  return `| ${[strategy, ...costs].join(" | ")} |`;
});
const text = [
  await describeMachine({}),
  "Nanoseconds for a pick with the account of its begin and end, the mean of `deno bench balancer/strategy_bench.ts`.",
  ["| strategy | 2 upstreams | 100 | 10,000 |", "| --- | ---: | ---: | ---: |", ...rows].join("\n"),
].join("\n\n");
console.log(text);
if (flags.keep === "yes") await keepSection("Picks", text);
