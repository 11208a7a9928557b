// deno-lint-ignore-file no-console -- a terminal program
import { flag, number, readFlags } from "@flotilla/runtime";
import { signIn, startSystem, type System } from "@flotilla/tests";
import { fromFileUrl } from "@std/path";
import { z } from "zod";
import { describeMachine } from "../machine.ts";
import { keepSection } from "../results_file.ts";
import { processorTime } from "../processor_time.ts";
import { wrk, type WrkOptions } from "../wrk.ts";
import { pairedCost, type RatePair } from "./paired_cost.ts";
import { openDashboard } from "./viewer.ts";

const flags = readFlags({
  name: "deno task bench-telemetry",
  summary:
    "measures what an open dashboard and telemetry cost port 8000, in throughput and in processor time",
}, {
  seconds: flag(number(z.number().int().min(1)).default(2), { help: "length of one measurement" }),
  pairs: flag(number(z.number().int().min(1)).default(12), { help: "how often each cost is measured" }),
  connections: flag(number(z.number().int().min(1)).default(32), { help: "how many clients there are" }),
  keep: flag(z.enum(["yes", "no"]).default("yes"), { help: "write bench/RESULTS.md" }),
});

const SCRIPT = fromFileUrl(import.meta.resolve("./read.lua"));
const WARM_UP_SECONDS = 6;
/** At a steady rate far below what the machine can take: so many requests a second, over so many connections. */
const STEADY = { rate: 500, connections: 8 };
const SYSTEM = {
  groupFlags: { api_gateway: { "caller-limit": "off", "address-limit": "off" } },
  environment: { FLOTILLA_LOG_LEVEL: "error" },
} as const;

/** A system under load. */
interface Target {
  readonly system: System;
  readonly origin: string;
  readonly token: string;
}

/** One reading of a system under load. */
type Reading = (target: Target, trace?: string) => Promise<number>;

/** What is measured: with it, and right before or after without it. */
interface Subject {
  readonly name: string;
  with(reading: Reading): Promise<number>;
}

/** The pairs of one subject. */
interface Measured {
  readonly rates: RatePair[];
  /** Milliseconds of processor time a second, of all processes. */
  readonly times: RatePair[];
}

// A collector is on another machine; here it takes what it is sent and throws it away.
await using sink = Deno.serve(
  { port: 0, hostname: "127.0.0.1", onListen: () => {} },
  async (request) => {
    await request.body?.cancel();
    return Response.json({});
  },
);
await using silent = await startSystem(SYSTEM);
await using telling = await startSystem({
  ...SYSTEM,
  environment: {
    ...SYSTEM.environment,
    OTEL_DENO: "true",
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${sink.addr.port}`,
    OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
    OTEL_TRACES_SAMPLER_ARG: "0.01",
  },
});
const without = await target(silent);
const withTelemetry = await target(telling);

const subjects: Subject[] = [
  {
    name: "dashboard open",
    async with(reading) {
      await using _viewer = await openDashboard(without);
      return await reading(without);
    },
  },
  { name: "telemetry on, one request in a hundred traced", with: (reading) => reading(withTelemetry) },
  { name: "telemetry on, every request traced", with: (reading) => reading(withTelemetry, "01") },
];
for (const warmed of [without, withTelemetry]) await rate(warmed, undefined, WARM_UP_SECONDS);

const measurements = new Map<Subject, Measured>(
  subjects.map((subject) => [subject, { rates: [], times: [] }]),
);
for (let round = 0; round < flags.pairs; round++) {
  for (const [subject, { rates, times }] of measurements) {
    rates.push(await measurePair(subject, rate, round));
    times.push(await measurePair(subject, steadyTime, round));
    console.log(
      `${subject.name}: ${shown(rates.at(-1))} requests/s, ${shown(times.at(-1))} ms of processors/s`,
    );
  }
}
const rows = [...measurements].map(([{ name }, { rates }]) => row(name, rates));
const timeRows = [...measurements].map(([{ name }, { times }]) => timeRow(name, times));
const machine = await describeMachine({ wrk: ["wrk", "-v"] });
const text = [
  `${machine} All processes, the client and the collector share the machine; ${flags.connections} connections read one`,
  `record through port 8000. Pairs of ${flags.seconds} s with and without alternate; the loss is the median of the pairs.`,
  `\`${["deno task bench-telemetry", ...Deno.args].join(" ")}\`\n`,
  "| what | requests/s without | requests/s with | loss | quartiles of the loss | pairs |",
  "| --- | --: | --: | --: | --: | --: |",
  ...rows,
  "",
  `Processor time of all fifteen processes at a steady ${STEADY.rate} requests/s, in ms a second; the middle of the pairs.\n`,
  "| what | without | with | more | of all cores |",
  "| --- | --: | --: | --: | --: |",
  ...timeRows,
].join("\n");
console.log(`\n${text}`);
if (flags.keep === "yes") await keepSection("What it costs to look", text);
await Promise.all([silent.stop(), telling.stop()]);

async function target(system: System): Promise<Target> {
  const { token } = await signIn(system.origin);
  return { system, origin: system.origin, token };
}

/** Which of the two comes first alternates, so that a drift of the machine falls on both. */
async function measurePair(subject: Subject, reading: Reading, round: number): Promise<RatePair> {
  const first = round % 2 === 0 ? await reading(without) : undefined;
  const measured = await subject.with(reading);
  return { without: first ?? await reading(without), with: measured };
}

async function rate({ origin, token }: Target, trace = "none", seconds = flags.seconds): Promise<number> {
  return await load(origin, { connections: flags.connections, seconds, args: [token, trace] });
}

/** Milliseconds of processor time that a system takes a second at a steady rate. */
async function steadyTime({ system, origin, token }: Target, trace = "none"): Promise<number> {
  const wait = 1_000 * STEADY.connections / STEADY.rate;
  const pids = system.names.map((name) => system.pidOf(name));
  const [before, started] = [await processorTime(pids), performance.now()];
  const args = [token, trace, String(wait)];
  await load(origin, { connections: STEADY.connections, seconds: flags.seconds, args });
  const seconds = (performance.now() - started) / 1_000;
  return 1_000 * (await processorTime(pids) - before) / seconds;
}

async function load(origin: string, options: WrkOptions): Promise<number> {
  const result = await wrk(`${origin}/`, { script: SCRIPT, ...options });
  if (result.errors > 0) throw new Error(`Cannot measure: ${result.errors} requests failed`);
  return result.requestsPerSecond;
}

function shown(pair: RatePair | undefined): string {
  return pair === undefined ? "" : `${Math.round(pair.without)} without, ${Math.round(pair.with)} with`;
}

function timeRow(name: string, times: readonly RatePair[]): string {
  const more = middle(times.map((pair) => pair.with - pair.without));
  const share = more / 1_000 / navigator.hardwareConcurrency;
  const cells = [middle(times.map((pair) => pair.without)), middle(times.map((pair) => pair.with)), more];
  return `| ${[name, ...cells.map(Math.round), percent(share)].join(" | ")} |`;
}

function row(name: string, measured: readonly RatePair[]): string {
  const { median, quartiles, error, pairs: count } = pairedCost(measured);
  const cells = [
    name,
    Math.round(middle(measured.map((pair) => pair.without))),
    Math.round(middle(measured.map((pair) => pair.with))),
    `${percent(median)} ± ${percent(error)}`,
    quartiles.map(percent).join(" to "),
    count,
  ];
  return `| ${cells.join(" | ")} |`;
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
