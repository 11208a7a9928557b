// deno-lint-ignore-file no-console -- a terminal program
import { flag, number, readFlags } from "@flotilla/runtime";
import { eventually } from "@flotilla/runtime/testing";
import { startSystem, type System } from "@flotilla/tests";
import { delay } from "@std/async/delay";
import { z } from "zod";
import { describeMachine } from "../machine.ts";
import { keepSection } from "../results_file.ts";
import { steadyReads, watchTime } from "./at_rest.ts";
import { costTable, type Subject } from "./cost_table.ts";
import { meanOf, type Pair } from "./paired_change.ts";
import { read, type Reading, type Target, targetOf } from "./target.ts";
import { openDashboard } from "./viewer.ts";

const flags = readFlags({
  name: "deno task bench-telemetry",
  summary:
    "measures what an open dashboard and telemetry cost port 8000, in processor time and in throughput",
}, {
  seconds: flag(number(z.number().int().min(2)).default(2), { help: "length of a segment under load" }),
  rounds: flag(number(z.number().int().min(1)).default(30), {
    help: "how often each is compared under load",
  }),
  restSeconds: flag(number(z.number().int().min(2)).default(10), { help: "length of a segment at rest" }),
  restRounds: flag(number(z.number().int().min(1)).default(10), {
    help: "how often each is compared at rest",
  }),
  // A new system gets faster for about so long, by a third: both must have that behind them.
  warmUp: flag(number(z.number().int().min(1)).default(40), {
    help: "seconds of load before, for each system",
  }),
  connections: flag(number(z.number().int().min(1)).default(32), { help: "how many clients there are" }),
  keep: flag(z.enum(["yes", "no"]).default("yes"), { help: "write bench/RESULTS.md" }),
});

const LIMITS_OFF = { "caller-limit": "off", "address-limit": "off" };
/** Milliseconds between two looks of a dashboard that is open, and of the one that is measured: more often, to stand out from noise. */
const [LOOK_INTERVAL, MEASURED_INTERVAL] = [2_000, 200];
/** Seconds that systems have to tidy up after a load. */
const SETTLE_SECONDS = 10;

// A collector is on another machine; here it takes what it is sent and throws it away.
await using sink = Deno.serve(
  { port: 0, hostname: "127.0.0.1", onListen: () => {} },
  async (request) => {
    await request.body?.cancel();
    return Response.json({});
  },
);
await using systems = new AsyncDisposableStack();
const silent = await start({ flags: { "look-interval": MEASURED_INTERVAL } });
const recorded = await start({
  environment: { OTEL_DENO: "true", OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${sink.addr.port}` },
});
/** What the dashboard did while it was measured, and for how long. */
const watching = { looks: 0, milliseconds: 0 };
const dashboard: Subject = { name: "dashboard open", loaded: [], rested: [] };
const telemetry: Subject = { name: "telemetry on, ten traces a second at most", loaded: [], rested: [] };

for (const target of [silent, recorded]) await load(target, flags.warmUp);
for (let round = 0; round < flags.rounds; round++) await compareLoaded(round);
await delay(1_000 * SETTLE_SECONDS);
await compareRested();

const cores = navigator.hardwareConcurrency;
const times = watching.looks * LOOK_INTERVAL / watching.milliseconds;
const machine = await describeMachine({ wrk: ["wrk", "-v"] });
const text = [
  `${machine} All processes, the client and the collector share the machine. Processor time is that of all fifteen`,
  `processes. Under load ${flags.connections} connections read one record through port 8000 as fast as it answers, in segments of`,
  `${flags.seconds} s without, with the dashboard open and twice with telemetry by turns, in one order and in the other: ${flags.rounds} times. At rest it is`,
  `ten reads a second, each of them traced where telemetry is on: ${flags.restRounds} pairs of segments of ${flags.restSeconds} s; what is done seldom costs`,
  `more there than under load, since nothing keeps it warm. Changes are means with their standard errors; shares are of ${cores} cores.`,
  `The dashboard is opened and closed in one system. It looked ${
    times.toFixed(1)
  } times as often as it does in use, to stand out from the noise of`,
  "the machine: its changes are divided by that, what stands before them is not. Telemetry takes a system of its own, and two systems that are alike differ by up to",
  "8 % in what a request costs under load, however long they are measured: its error has to be read with that.",
  `\`${["deno task bench-telemetry", ...Deno.args].join(" ")}\`\n`,
  costTable([{ ...dashboard, times }, telemetry], cores),
].join("\n");
console.log(`\n${text}`);
if (flags.keep === "yes") await keepSection("What it costs to look", text);

async function start(
  options: { environment?: Record<string, string>; flags?: Record<string, number> },
): Promise<Target> {
  const environment = { FLOTILLA_LOG_LEVEL: "error", ...options.environment };
  const groupFlags = { api_gateway: { ...LIMITS_OFF, ...options.flags } };
  const system: System = await startSystem({ groupFlags, environment });
  return await targetOf(systems.use(system));
}

async function load(target: Target, seconds = flags.seconds): Promise<Reading> {
  return await read(target, { connections: flags.connections, seconds });
}

/** Does something while somebody watches the dashboard; that it is opened does not count. */
async function watched<T>(work: () => Promise<T>): Promise<T> {
  await using viewer = await openDashboard(silent);
  await eventually(() => viewer.looks > 1, { what: "the look that opening the dashboard begins" });
  const [before, began] = [viewer.looks, performance.now()];
  try {
    return await work();
  } finally {
    watching.looks += viewer.looks - before;
    watching.milliseconds += performance.now() - began;
  }
}

/**
 * Which comes first alternates, so that a drift of the machine falls on all. A process gets faster with every request that it
 * has answered: the system with telemetry gets as many segments as the other one.
 */
async function compareLoaded(round: number): Promise<void> {
  const segments = [
    () => watched(() => load(silent)),
    () => load(silent),
    () => load(recorded),
    () => load(recorded),
  ];
  const readings: Reading[] = [];
  for (const segment of round % 2 === 0 ? segments : segments.toReversed()) readings.push(await segment());
  const [looking, without, ...tracing] = round % 2 === 0 ? readings : readings.toReversed();
  if (looking === undefined || without === undefined) return;
  const traced = {
    cost: meanOf(tracing.map(({ cost }) => cost)),
    rate: meanOf(tracing.map(({ rate }) => rate)),
  };
  dashboard.loaded.push({ without, with: looking });
  telemetry.loaded.push({ without, with: traced });
  console.log(`${round + 1}: ${shown(without)}; dashboard: ${shown(looking)}; telemetry: ${shown(traced)}`);
}

/** The system with telemetry is compared with the other one at the same time. */
async function compareRested(): Promise<void> {
  await using _silent = steadyReads(silent);
  await using _recorded = steadyReads(recorded);
  for (let round = 0; round < flags.restRounds; round++) {
    const before = round % 2 === 0 ? await rest() : undefined;
    const looking = await watched(rest);
    const without = before ?? await rest();
    enter(dashboard, { without: without.silent, with: looking.silent });
    enter(telemetry, { without: without.silent, with: without.recorded });
  }
}

async function rest(): Promise<{ silent: number; recorded: number }> {
  const [silentTime = NaN, recordedTime = NaN] = await watchTime([silent, recorded], flags.restSeconds);
  return { silent: silentTime, recorded: recordedTime };
}

function enter({ name, rested }: Subject, pair: Pair): void {
  rested.push(pair);
  console.log(`at rest, ${name}: ${pair.without.toFixed(1)} ms/s without, ${pair.with.toFixed(1)} with`);
}

function shown({ rate, cost }: Reading): string {
  return `${Math.round(cost)} µs a request at ${Math.round(rate)}/s`;
}
