// deno-lint-ignore-file no-console -- a terminal program
import { flag, listFlag, number, readFlags } from "@flotilla/runtime";
import { dirname, fromFileUrl } from "@std/path";
import { z } from "zod";
import { describeMachine } from "../machine.ts";
import { medians } from "../medians.ts";
import { keepSection } from "../results_file.ts";
import { wrk } from "../wrk.ts";
import type { Contender, Running, Sources } from "./contender.ts";
import { flotilla, loadFlotilla } from "./flotilla.ts";
import { installPeer, nginxFastifyRedis } from "./nginx_fastify_redis.ts";
import { KEYS } from "./records.ts";
import { type Reading, readingsTable, sourcesText } from "./report.ts";

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
  zipfWarmUp: flag(number(z.number().int().min(1)).default(10), {
    help: "seconds of the Zipf mix before it is measured",
  }),
  walks: flag(number(z.number().int().min(0)).default(4), {
    help: "how often every record of the Zipf mix is asked for before that mix, so that a cache may have it",
  }),
  mode: listFlag(z.enum(MODES), { help: "measure these only" }),
  contender: listFlag(z.enum(["flotilla", "peer", "peer-remembers"]), { help: "measure these only" }),
  keep: flag(z.enum(["yes", "no"]).default("yes"), { help: "write bench/RESULTS.md" }),
});

/** Compilers go on finding what runs often for most of a minute; every contender has the same time. */
const WARM_UP_SECONDS = 10;
/** A walk through all records goes on from where it was after each of these. */
const WALK_SECONDS = 3;
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
    `The Zipf mix is measured in its steady state: each contender was asked for each of its records ` +
    `${flags.walks} times before, and then for ${flags.zipfWarmUp} s of the mix. (The peer's Redis has had all ` +
    `of them from the start.) "Cold" is what nobody has asked for before.`,
    `\`${["deno task bench-data", ...Deno.args].join(" ")}\``,
    ...modes.flatMap((mode) => [readingsTable(mode, middle), sourcesText(mode, middle)]).filter(Boolean),
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
  await load(running, "hot", { seconds: WARM_UP_SECONDS });
  for (const mode of modes) {
    if (mode === "zipf") await prepareMix(running);
    const before = await running.sources?.();
    const result = await load(running, mode, { ...flags, first: firstOf(round) });
    const sources = difference(before, await running.sources?.());
    const reading = { contender: contender.name, mode, ...result, ...(sources && { sources }) };
    readings.push(reading);
    const { requestsPerSecond, p50, p99, errors } = reading;
    const figures = `${Math.round(requestsPerSecond)}/s, p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`;
    console.log(`${contender.name}, ${mode}: ${figures}, ${errors} errors`);
  }
  return readings;
}

/** Every round reads other records for the first time. */
function firstOf(round: number): number {
  return Math.floor(KEYS * round / flags.rounds);
}

/** Lets the contender's caches fill: the reading is of a system that has run for a while. */
async function prepareMix(running: Running): Promise<void> {
  for (let asked = 0; asked < flags.walks * KEYS;) {
    const { requests } = await load(running, "walk", { seconds: WALK_SECONDS, first: asked });
    if (requests === 0) throw new Error(`Cannot measure: nothing at ${running.origin} answers`);
    asked += requests;
  }
  await load(running, "zipf", { seconds: flags.zipfWarmUp });
}

function difference(before: Sources | undefined, after: Sources | undefined): Sources | undefined {
  if (before === undefined || after === undefined) return undefined;
  return {
    near: after.near - before.near,
    shared: after.shared - before.shared,
    database: after.database - before.database,
  };
}

function load(
  { origin, token }: Running,
  mode: typeof MODES[number] | "walk",
  { seconds, first = 0 }: { seconds: number; first?: number },
) {
  return wrk(`${origin}/`, {
    connections: flags.connections,
    seconds,
    script: SCRIPT,
    args: [mode, String(KEYS), token, String(first)],
  });
}
