// deno-lint-ignore-file no-console -- a terminal program
import { flag, listFlag, number, readFlags } from "@flotilla/runtime";
import { dirname, fromFileUrl } from "@std/path";
import { z } from "zod";
import { describeMachine } from "../machine.ts";
import { medians } from "../medians.ts";
import { keepSection } from "../results_file.ts";
import { wrk } from "../wrk.ts";
import type { Contender, Running } from "./contender.ts";
import { flotilla, loadFlotilla } from "./flotilla.ts";
import { installPeer, nginxFastifyRedis } from "./nginx_fastify_redis.ts";
import { KEYS } from "./records.ts";
import { type Reading, readingsTable } from "./report.ts";

const MODES = ["once", "zipf", "hot"] as const;
const SCRIPT = `${dirname(fromFileUrl(import.meta.url))}/reads.lua`;

const flags = readFlags({
  name: "deno task bench-data",
  summary:
    "measures cached reads through port 8000 beside nginx, Fastify and Redis doing the same, in one run",
}, {
  seconds: flag(number(z.number().int().min(1)).default(8), { help: "length of one measurement" }),
  rounds: flag(number(z.number().int().min(1)).default(2), {
    help: "how often everything is measured; the median counts",
  }),
  connections: flag(number(z.number().int().min(1)).default(64), { help: "how many clients there are" }),
  cores: flag(z.string().regex(/^\d+(,\d+)*$/).default("0,1"), { help: "where everything runs, client too" }),
  zipfWarmUp: flag(number(z.number().int().min(1)).default(40), {
    help: "seconds of the Zipf mix before it is measured: its long tail fills the caches for minutes",
  }),
  mode: listFlag(z.enum(MODES), { help: "measure these only" }),
  contender: listFlag(z.enum(["flotilla", "peer", "peer-remembers"]), { help: "measure these only" }),
  keep: flag(z.enum(["yes", "no"]).default("yes"), { help: "write bench/RESULTS.md" }),
});

/** Compilers go on finding what runs often for most of a minute; every contender has the same time. */
const WARM_UP_SECONDS = 10;
const modes = MODES.filter((mode) => flags.mode.length === 0 || flags.mode.includes(mode));
const chosen = (name: "flotilla" | "peer" | "peer-remembers") =>
  flags.contender.length === 0 || flags.contender.includes(name);

const folder = await Deno.makeTempDir({ prefix: "flotilla-bench-" });
// nginx's workers, when started by root, are another user.
await Deno.chmod(folder, 0o755);
await holdOnCores(flags.cores);
try {
  const contenders = await prepare();
  const readings: Reading[] = [];
  for (let round = 0; round < flags.rounds; round++) {
    for (const contender of contenders) readings.push(...await measure(contender, round));
  }
  const machine = await describeMachine({
    nginx: ["nginx", "-v"],
    Redis: ["redis-server", "--version"],
    Node: ["node", "--version"],
  });
  const middle = medians(readings, ({ contender, mode }) => `${contender}, ${mode}`);
  const text = [
    `${machine} All processes and the client on cores ${flags.cores}; ${flags.connections} connections.`,
    `The Zipf mix is measured after ${flags.zipfWarmUp} s of it.`,
    `\`${["deno task bench-data", ...Deno.args].join(" ")}\``,
    ...modes.map((mode) => readingsTable(mode, middle)),
  ].join("\n\n");
  console.log(`\n${text}`);
  if (flags.keep === "yes") await keepSection("Reads of records", text);
} finally {
  await Deno.remove(folder, { recursive: true });
}

/** Everything that is started from here on runs on these cores. */
async function holdOnCores(cores: string): Promise<void> {
  await new Deno.Command("taskset", { args: ["-a", "-c", "-p", cores, String(Deno.pid)] }).output();
}

async function prepare(): Promise<Contender[]> {
  const contenders: Contender[] = [];
  const place = { folder, port: 18_090 };
  if (chosen("flotilla")) {
    const { records, seconds } = await loadFlotilla(`${folder}/data`);
    console.log(`${records} records imported in ${seconds.toFixed(1)} s`);
    contenders.push(flotilla(`${folder}/data`));
  }
  if (chosen("peer") || chosen("peer-remembers")) await installPeer(folder);
  if (chosen("peer")) contenders.push(nginxFastifyRedis(place, false));
  if (chosen("peer-remembers")) contenders.push(nginxFastifyRedis(place, true));
  return contenders;
}

async function measure(contender: Contender, round: number): Promise<Reading[]> {
  await using running = await contender.start();
  const readings: Reading[] = [];
  await load(running, "hot", { seconds: WARM_UP_SECONDS, round });
  for (const mode of modes) {
    if (mode === "zipf") await load(running, mode, { seconds: flags.zipfWarmUp, round });
    const reading = { contender: contender.name, mode, ...await load(running, mode, { ...flags, round }) };
    readings.push(reading);
    const { requestsPerSecond, p50, p99, errors } = reading;
    const figures = `${Math.round(requestsPerSecond)}/s, p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`;
    console.log(`${contender.name}, ${mode}: ${figures}, ${errors} errors`);
  }
  return readings;
}

function load(
  { origin, token }: Running,
  mode: typeof MODES[number],
  { seconds, round }: { seconds: number; round: number },
) {
  // Every round reads other records for the first time.
  const first = Math.floor(KEYS * round / flags.rounds);
  return wrk(`${origin}/`, {
    connections: flags.connections,
    seconds,
    script: SCRIPT,
    args: [mode, String(KEYS), token, String(first)],
  });
}
