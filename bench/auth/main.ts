// deno-lint-ignore-file no-console -- a terminal program
import { flag, number, readFlags } from "@flotilla/runtime";
import { z } from "zod";
import { describeMachine } from "../machine.ts";
import { keepSection } from "../results_file.ts";
import { benchmark, type Timings } from "./deno_bench.ts";
import { type Hop, measureHop } from "./hop.ts";
import { floodLogins, growthOf, type LoginFlood } from "./login_flood.ts";

const flags = readFlags({
  name: "deno task bench-auth",
  summary: "what a token check, the gateway's hop and a flood of logins cost",
}, {
  rate: flag(number(z.number().int().min(1)).default(100), {
    help: "GET /data a second while logins flood in",
  }),
  seconds: flag(number(z.number().int().min(1)).default(8), { help: "length of each phase" }),
  rounds: flag(number(z.number().int().min(1)).default(5), {
    help: "how often the flood is measured; the median counts",
  }),
  keep: flag(z.enum(["yes", "no"]).default("yes"), { help: "write bench/RESULTS.md" }),
});

const { rate, seconds, rounds } = flags;
const tokens = await benchmark("gateway/token_check_bench.ts");
const hop = await measureHop({ rounds: 7, seconds: 1 });
const flood = await floodLogins({ rate, seconds, rounds });
const text = [await describeMachine({}), costs(tokens, hop), floodTable(flood)].join("\n\n");
console.log(text);
if (flags.keep === "yes") await keepSection("Auth and gateway", text);

/** Microseconds of each. */
function costs(tokens: Timings, { bare, handler, passage, growth }: Hop): string {
  const rows = [
    ...Object.entries(tokens).map(([name, nanoseconds]) => [name, nanoseconds / 1_000] as const),
    ["`GET /data` through a bare Hono proxy", bare] as const,
    ["`GET /data` through the gateway, as octets: as it runs", passage] as const,
    ["`GET /data` through the gateway, as an object: like all that is no plain read", handler] as const,
  ].map(([name, time]) => `| ${name} | ${time.toFixed(2)} |`);
  const note =
    `Over the same transport the whole hop of \`GET /data\` takes the gateway ${growth.passage.toFixed(2)} ` +
    `times the processor time of the bare proxy as it runs, and ${
      growth.handler.toFixed(2)
    } times where the request is made ` +
    "an object first (medians of rounds in which they took turns).";
  return `| what | µs |\n| --- | ---: |\n${rows.join("\n")}\n\n${note}`;
}

function floodTable({ hashes, offered, answered, signedIn, alone, answers, rounds }: LoginFlood): string {
  const shares = Object.entries(answers).map(([status, share]) => `${(100 * share).toFixed(1)}% ${status}`);
  const growths = rounds.map((round) => growthOf(round).toFixed(2));
  const middle = rounds[Math.floor(rounds.length / 2)];
  const text =
    `\`GET /data\` through the edge of a whole system, ${rate} a second, while ${offered} logins a second come ` +
    `from as many addresses: ten times what all cores could hash (${hashes.toFixed(0)} a second each). ` +
    `${answered.toFixed(0)} logins a second were answered, ${shares.join(", ")}; ${
      signedIn.toFixed(1)
    } a second ` +
    `signed in, and ${
      alone.toFixed(1)
    } with 16 clients and no other load. The p99 of \`GET /data\` grew by ` +
    `${growths[Math.floor(growths.length / 2)]} times (median of the rounds: ${growths.join(", ")}).`;
  const rows = Object.entries(middle ?? {}).map(([name, { requests, errors, p50, p99 }]) =>
    `| ${name} | ${requests} | ${errors} | ${p50.toFixed(1)} | ${p99.toFixed(1)} |`
  );
  const head = "| `GET /data` | requests | failed | p50 ms | p99 ms |\n| --- | ---: | ---: | ---: | ---: |";
  return `${text}\n\n${head}\n${rows.join("\n")}`;
}
