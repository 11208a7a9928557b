// deno-lint-ignore-file no-console -- a terminal program
import { flag, number, readFlags } from "@flotilla/runtime";
import { signIn, startSystem, type System } from "@flotilla/tests";
import { fromFileUrl } from "@std/path";
import { z } from "zod";
import { describeMachine } from "../machine.ts";
import { keepSection } from "../results_file.ts";
import { wrk } from "../wrk.ts";
import { pairedCost, type RatePair } from "./paired_cost.ts";
import { openDashboard } from "./viewer.ts";

const flags = readFlags({
  name: "deno task bench-telemetry",
  summary: "measures what an open dashboard and telemetry cost the throughput of port 8000, in one run",
}, {
  seconds: flag(number(z.number().int().min(1)).default(2), { help: "length of one measurement" }),
  pairs: flag(number(z.number().int().min(1)).default(12), { help: "how often each cost is measured" }),
  connections: flag(number(z.number().int().min(1)).default(32), { help: "how many clients there are" }),
  keep: flag(z.enum(["yes", "no"]).default("yes"), { help: "write bench/RESULTS.md" }),
});

const SCRIPT = fromFileUrl(import.meta.resolve("./read.lua"));
const WARM_UP_SECONDS = 6;
const SYSTEM = {
  groupFlags: { api_gateway: { "caller-limit": "off", "address-limit": "off" } },
  environment: { FLOTILLA_LOG_LEVEL: "error" },
} as const;

/** A system under load. */
interface Target {
  readonly origin: string;
  readonly token: string;
}

/** What is measured: with it, and right before or after without it. */
interface Subject {
  readonly name: string;
  without(): Promise<number>;
  with(): Promise<number>;
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
const [without, withTelemetry] = await Promise.all([silent, telling].map(target));
if (without === undefined || withTelemetry === undefined) throw new Error("Cannot start the systems");

const subjects: Subject[] = [
  {
    name: "dashboard open",
    without: () => rate(without),
    async with() {
      await using _viewer = await openDashboard(without);
      return await rate(without);
    },
  },
  {
    name: "telemetry on, one request in a hundred traced",
    without: () => rate(without),
    with: () => rate(withTelemetry),
  },
  {
    name: "telemetry on, every request traced",
    without: () => rate(without),
    with: () => rate(withTelemetry, "01"),
  },
];
for (const measured of [without, withTelemetry]) await rate(measured, undefined, WARM_UP_SECONDS);

const pairs = new Map<Subject, RatePair[]>(subjects.map((subject) => [subject, []]));
for (let round = 0; round < flags.pairs; round++) {
  for (const [subject, measured] of pairs) {
    const pair = await measurePair(subject, round);
    measured.push(pair);
    console.log(`${subject.name}: ${Math.round(pair.without)}/s without, ${Math.round(pair.with)}/s with`);
  }
}
const rows = [...pairs].map(([{ name }, measured]) => row(name, measured));
const machine = await describeMachine({ wrk: ["wrk", "-v"] });
const text = [
  `${machine} All processes, the client and the collector share the machine; ${flags.connections} connections read one`,
  `record through port 8000. Pairs of ${flags.seconds} s with and without alternate; the loss is the median of the pairs.`,
  `\`${["deno task bench-telemetry", ...Deno.args].join(" ")}\`\n`,
  "| what | requests/s without | requests/s with | loss | quartiles of the loss | pairs |",
  "| --- | --: | --: | --: | --: | --: |",
  ...rows,
].join("\n");
console.log(`\n${text}`);
if (flags.keep === "yes") await keepSection("What it costs to look", text);
await Promise.all([silent.stop(), telling.stop()]);

async function target(system: System): Promise<Target> {
  const { token } = await signIn(system.origin);
  return { origin: system.origin, token };
}

/** Which of the two comes first alternates, so that a drift of the machine falls on both. */
async function measurePair(subject: Subject, round: number): Promise<RatePair> {
  if (round % 2 === 0) return { without: await subject.without(), with: await subject.with() };
  const measured = await subject.with();
  return { without: await subject.without(), with: measured };
}

async function rate({ origin, token }: Target, trace?: string, seconds = flags.seconds): Promise<number> {
  const args = trace === undefined ? [token] : [token, trace];
  const result = await wrk(`${origin}/`, { connections: flags.connections, seconds, script: SCRIPT, args });
  if (result.errors > 0) throw new Error(`Cannot measure: ${result.errors} requests failed`);
  return result.requestsPerSecond;
}

function row(name: string, measured: readonly RatePair[]): string {
  const { median, quartiles, error, pairs: count } = pairedCost(measured);
  const middle = (rates: number[]) => Math.round(rates.sort((a, b) => a - b)[rates.length >> 1] ?? 0);
  const cells = [
    name,
    middle(measured.map((pair) => pair.without)),
    middle(measured.map((pair) => pair.with)),
    `${percent(median)} ± ${percent(error)}`,
    quartiles.map(percent).join(" to "),
    count,
  ];
  return `| ${cells.join(" | ")} |`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
