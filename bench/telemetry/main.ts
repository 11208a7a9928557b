// deno-lint-ignore-file no-console -- a terminal program
import { flag, number, readFlags } from "@flotilla/runtime";
import { startSystem, type System, type SystemOptions } from "@flotilla/tests";
import { z } from "zod";
import { describeMachine } from "../machine.ts";
import { keepSection } from "../results_file.ts";
import { middle, type Pair, pairedChange } from "./paired_change.ts";
import { read, type Reading, type Target, targetOf } from "./target.ts";
import { openDashboard } from "./viewer.ts";

const flags = readFlags({
  name: "deno task bench-telemetry",
  summary:
    "measures what an open dashboard and telemetry cost port 8000, in processor time and in throughput",
}, {
  seconds: flag(number(z.number().int().min(1)).default(4), { help: "length of one measurement" }),
  pairs: flag(number(z.number().int().min(1)).default(6), { help: "how often each cost is measured" }),
  // A new system gets faster for about so long, by a third: all of them must have that behind them.
  warmUp: flag(number(z.number().int().min(1)).default(40), {
    help: "seconds of load before, for each system",
  }),
  connections: flag(number(z.number().int().min(1)).default(32), { help: "how many clients there are" }),
  keep: flag(z.enum(["yes", "no"]).default("yes"), { help: "write bench/RESULTS.md" }),
});

const LIMITS_OFF = { "caller-limit": "off", "address-limit": "off" };

/** What is measured: with it, and right before or after without it. */
interface Subject {
  readonly name: string;
  readonly pairs: { readonly without: Reading; readonly with: Reading }[];
}

/** Telemetry in one way of two, of a system of its own. */
interface Telemetry extends Subject {
  readonly target: Target;
}

// A collector is on another machine; here it takes what it is sent and throws it away.
await using sink = Deno.serve(
  { port: 0, hostname: "127.0.0.1", onListen: () => {} },
  async (request) => {
    await request.body?.cancel();
    return Response.json({});
  },
);
const telemetry = {
  OTEL_DENO: "true",
  OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${sink.addr.port}`,
};
await using systems = new AsyncDisposableStack();
const silent = await start();
const limited = await start({ environment: telemetry });
const ratio = { OTEL_TRACES_SAMPLER: "parentbased_traceidratio", OTEL_TRACES_SAMPLER_ARG: "0.01" };
const sampled = await start({ environment: { ...telemetry, ...ratio } });

const dashboard: Subject = { name: "dashboard open", pairs: [] };
const telemetries: readonly Telemetry[] = [
  { name: "telemetry on, ten traces a second at most", target: limited, pairs: [] },
  { name: "telemetry on, one request in a hundred traced", target: sampled, pairs: [] },
];
for (const target of [silent, limited, sampled]) await load(target, flags.warmUp);
// A process gets faster with every request that it has answered: systems that are compared are loaded alike.
for (let round = 0; round < flags.pairs; round++) await compareTelemetries(round);
for (let round = 0; round < flags.pairs; round++) await compareDashboard(round);

const machine = await describeMachine({ wrk: ["wrk", "-v"] });
const text = [
  `${machine} All processes, the client and the collector share the machine; ${flags.connections} connections read one`,
  `record through port 8000 as fast as it answers. Pairs of ${flags.seconds} s with and without, one right after the other,`,
  `in one order and in the other by turns: ${flags.pairs} pairs. Processor time is that of all fifteen processes for one request. Changes`,
  "are the median of the pairs, with its 95 % interval.",
  `\`${["deno task bench-telemetry", ...Deno.args].join(" ")}\`\n`,
  "| what | µs a request without | with | change | requests/s without | with | change |",
  "| --- | --: | --: | --: | --: | --: | --: |",
  ...[dashboard, ...telemetries].map(row),
].join("\n");
console.log(`\n${text}`);
if (flags.keep === "yes") await keepSection("What it costs to look", text);

async function start(options: Pick<SystemOptions, "environment"> = {}): Promise<Target> {
  const environment = { FLOTILLA_LOG_LEVEL: "error", ...options.environment };
  const system: System = await startSystem({ groupFlags: { api_gateway: LIMITS_OFF }, environment });
  return await targetOf(systems.use(system));
}

async function load(target: Target, seconds = flags.seconds): Promise<Reading> {
  return await read(target, { connections: flags.connections, seconds });
}

/** Which comes first alternates, so that a drift of the machine falls on all. */
async function compareTelemetries(round: number): Promise<void> {
  const targets = [silent, ...telemetries.map(({ target }) => target)];
  const readings = new Map<Target, Reading>();
  for (const target of round % 2 === 0 ? targets : targets.toReversed()) {
    readings.set(target, await load(target));
  }
  for (const telemetry of telemetries) {
    enter(telemetry, round, { without: readings.get(silent), with: readings.get(telemetry.target) });
  }
}

async function compareDashboard(round: number): Promise<void> {
  const before = round % 2 === 0 ? await load(silent) : undefined;
  const watched = await loadWatched();
  enter(dashboard, round, { without: before ?? await load(silent), with: watched });
}

async function loadWatched(): Promise<Reading> {
  await using _viewer = await openDashboard(silent);
  return await load(silent);
}

function enter(
  { name, pairs }: Subject,
  round: number,
  pair: { readonly without: Reading | undefined; readonly with: Reading | undefined },
): void {
  if (pair.without === undefined || pair.with === undefined) return;
  pairs.push({ without: pair.without, with: pair.with });
  console.log(`${round + 1}, ${name}: ${shown(pair.without)} without, ${shown(pair.with)} with`);
}

function shown({ rate, cost }: Reading): string {
  return `${Math.round(cost)} µs a request at ${Math.round(rate)}/s`;
}

function row({ name, pairs }: Subject): string {
  const of = (figure: keyof Reading): Pair[] =>
    pairs.map((pair) => ({ without: pair.without[figure], with: pair.with[figure] }));
  return `| ${[name, ...cells(of("cost")), ...cells(of("rate"))].join(" | ")} |`;
}

function cells(pairs: readonly Pair[]): string[] {
  const { median, error } = pairedChange(pairs);
  const of = (side: keyof Pair) => String(Math.round(middle(pairs.map((pair) => pair[side]))));
  return [of("without"), of("with"), `${signed(median)} ± ${(error * 100).toFixed(1)} %`];
}

function signed(share: number): string {
  return `${share < 0 ? "−" : "+"}${Math.abs(share * 100).toFixed(1)} %`;
}
