// deno-lint-ignore-file no-console -- a terminal program
import { flag, listFlag, number, readFlags } from "@flotilla/runtime";
import { dirname, fromFileUrl } from "@std/path";
import { z } from "zod";
import { describeMachine } from "../machine.ts";
import { answering, type Pinned, startPinned } from "../pinned.ts";
import { v8Flags } from "../../tasks/v8_flags.ts";
import { keepSection } from "../results_file.ts";
import { openLoop, sumUp } from "./open_loop.ts";

const STRATEGIES = [
  "round-robin",
  "least-connections",
  "power-of-two",
  "peak-ewma",
  "random",
  "consistent-hash",
];
const FAULTS = ["killed", "frozen", "slow", "failing"] as const;
type Fault = typeof FAULTS[number];

const flags = readFlags({
  name: "deno task bench-failures",
  summary: "breaks one of three upstreams under a steady load and tells what its clients see",
}, {
  rate: flag(number(z.number().min(1)).default(500), { help: "requests a second" }),
  strategy: listFlag(z.enum(STRATEGIES), { help: "try these only" }),
  fault: listFlag(z.enum(FAULTS), { help: "try these only" }),
  keep: flag(z.enum(["yes", "no"]).default("yes"), { help: "write bench/RESULTS.md" }),
});

const HERE = dirname(fromFileUrl(import.meta.url));
const PORT = 18_090;
const UPSTREAMS = [18_091, 18_092, 18_093];
const BROKEN = 18_092;

/** Milliseconds: the load runs well, then an upstream is broken, then it is put right. */
const BREAK_AT = 3_000;
const MEND_AT = 9_000;
const END = 14_000;
/** A broken upstream must be out of the rotation this long after it broke; milliseconds. */
const DETECTION = 2_000;
/** Slower than this, a request has met the broken upstream; milliseconds. */
const AFFECTED = 250;

const rows: string[] = [];
for (const fault of flags.fault.length > 0 ? flags.fault : FAULTS) {
  for (const strategy of flags.strategy.length > 0 ? flags.strategy : STRATEGIES) {
    const row = await experiment(fault, strategy);
    console.log(row);
    rows.push(row);
  }
}
const text = [
  await describeMachine({}),
  `GET requests, ${flags.rate} a second, open loop, latency from when each was due. One of three upstreams is broken ` +
  `after ${BREAK_AT / 1_000} s and put right ${
    (MEND_AT - BREAK_AT) / 1_000
  } s later; "detecting" is the first ` +
  `${
    DETECTION / 1_000
  } s of that. A cell tells failed requests and p99 in ms; "last met" is how long after the ` +
  `breaking the last request was due that failed or took over ${AFFECTED} ms.`,
  "| upstream | strategy | before | detecting | detected | after | last met s |",
  "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
].join("\n\n").replace("|\n\n|", "|\n|") + `\n${rows.join("\n")}`;
if (flags.keep === "yes") await keepSection("Failures", text);

async function experiment(fault: Fault, strategy: string): Promise<string> {
  const upstreams = new Map<number, Pinned>(UPSTREAMS.map((port) => [port, startUpstream(port)]));
  await using _balancer = startBalancer(strategy);
  try {
    for (const [port, process] of upstreams) await answering(`http://127.0.0.1:${port}/`, process);
    await answering(`http://127.0.0.1:${PORT}/`, _balancer);
    await openLoop(`http://127.0.0.1:${PORT}/`, { rate: flags.rate, init: named, duration: 1_000 });
    const load = openLoop(`http://127.0.0.1:${PORT}/`, { rate: flags.rate, init: named, duration: END });
    await at(BREAK_AT);
    await breakUpstream(upstreams, fault);
    await at(MEND_AT - BREAK_AT);
    await mendUpstream(upstreams, fault);
    const samples = await load;
    const met = samples.filter(({ due, status, latency }) =>
      due >= BREAK_AT - 50 && due < MEND_AT && (status === 0 || status >= 500 || latency > AFFECTED)
    );
    const last = Math.max(0, ...met.map(({ due }) => due - BREAK_AT)) / 1_000;
    const spans = [[0, BREAK_AT], [BREAK_AT, BREAK_AT + DETECTION], [BREAK_AT + DETECTION, MEND_AT], [
      MEND_AT,
      END,
    ]];
    const cells = spans.map(([start = 0, end = 0]) => {
      const { failed, p99 } = sumUp(samples, start, end);
      return `${failed}, ${p99.toFixed(1)}`;
    });
    return `| ${fault} | ${strategy} | ${cells.join(" | ")} | ${last.toFixed(2)} |`;
  } finally {
    for (const upstream of upstreams.values()) await upstream[Symbol.asyncDispose]();
  }
}

/** Each request has a name of its own: consistent-hash goes by it, and so meets every upstream. */
function named(turn: number): RequestInit {
  return { headers: { "x-request-id": `request-${turn}` } };
}

function startUpstream(port: number): Pinned {
  const allowed = `--allow-net=127.0.0.1:${port}`;
  const command = [
    Deno.execPath(),
    "run",
    "--no-prompt",
    allowed,
    `${HERE}/faulty_upstream.ts`,
    String(port),
  ];
  return startPinned(command, { core: 1 });
}

function startBalancer(strategy: string): Pinned {
  const net = [PORT, ...UPSTREAMS].map((port) => `127.0.0.1:${port}`).join(",");
  const upstreams = UPSTREAMS.flatMap((port) => ["--upstream", `http://127.0.0.1:${port}`]);
  const hash = strategy === "consistent-hash" ? ["--hash-key", "header:x-request-id"] : [];
  const program = `${HERE}/../../balancer/main.ts`;
  const run = [
    Deno.execPath(),
    "run",
    "--no-prompt",
    ...v8Flags("balancer"),
    `--allow-net=${net}`,
    "--allow-env",
    program,
  ];
  return startPinned(
    [...run, "--port", String(PORT), "--strategy", strategy, "--log-level", "error", ...upstreams, ...hash],
    { core: 0 },
  );
}

async function breakUpstream(upstreams: Map<number, Pinned>, fault: Fault): Promise<void> {
  const broken = upstreams.get(BROKEN);
  if (fault === "killed") broken?.signal("SIGKILL");
  else if (fault === "frozen") broken?.signal("SIGSTOP");
  else await setMode(fault);
}

async function mendUpstream(upstreams: Map<number, Pinned>, fault: Fault): Promise<void> {
  if (fault === "killed") upstreams.set(BROKEN, startUpstream(BROKEN));
  else if (fault === "frozen") upstreams.get(BROKEN)?.signal("SIGCONT");
  else await setMode("well");
}

async function setMode(mode: string): Promise<void> {
  await (await fetch(`http://127.0.0.1:${BROKEN}/mode/${mode}`, { method: "POST" })).text();
}

/** The experiment's own course of time is the thing measured, so it is waited for. */
function at(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
