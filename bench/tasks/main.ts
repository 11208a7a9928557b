// deno-lint-ignore-file no-console -- a terminal program
import { flag, number, readFlags } from "@flotilla/runtime";
import { z } from "zod";
import { describeMachine } from "../machine.ts";
import { keepSection } from "../results_file.ts";
import {
  bullmq,
  type Effort,
  flotilla,
  installBullmq,
  type Place,
  type QueueContender,
} from "./contenders.ts";
import { countFlushes } from "./flushes.ts";
import { measureIdleRequests } from "./idle_requests.ts";
import { type QueueReading, queueTable, type StageReading } from "./report.ts";
import { measureStartLatency } from "./start_latency.ts";

const flags = readFlags({
  name: "deno task bench-tasks",
  summary: "measures the task engine beside BullMQ on Redis, in one run",
}, {
  count: flag(number(z.number().int().min(1)).default(20_000), {
    help: "tasks queued, and then run, after as many that do not count",
  }),
  concurrency: flag(z.string().regex(/^[1-9]\d*(,[1-9]\d*)*$/).default("64,256"), {
    help:
      "how many tasks are queued, and run, at the same time: one table each, and the first where more is measured",
  }),
  queued: flag(z.string().regex(/^(none|\d+(,\d+)*)$/).default("1000,10000,50000"), {
    help: "how many tasks wait while the cost of a task is measured; none for not at all",
  }),
  starts: flag(number(z.number().int().min(0)).default(500), {
    help: "tasks queued one at a time to measure how soon an idle worker begins; 0 for not at all",
  }),
  idle: flag(number(z.number().int().min(0)).default(20), {
    help:
      "seconds for which a whole system is left alone to count what its stores are asked for; 0 for not at all",
  }),
  keep: flag(z.enum(["yes", "no"]).default("yes"), { help: "write bench/RESULTS.md" }),
});

/** Tasks that are run while others wait. */
const SAMPLE = 5_000;
/** Tasks that are queued and run while flushes are counted. */
const FLUSH_COUNT = 2_000;
const concurrencies = flags.concurrency.split(",").map(Number);
const [atATime = 64] = concurrencies;
const folder = await Deno.makeTempDir({ prefix: "flotilla-bench-" });
const place: Place = { folder, port: 18_100, storeCore: 0, clientCore: 1 };

try {
  await installBullmq(folder);
  const tables: string[] = [];
  for (const concurrency of concurrencies) tables.push(...await measureTables(concurrency));
  const depths = flags.queued === "none" ? [] : flags.queued.split(",").map(Number);
  const machine = await describeMachine({
    Redis: ["redis-server", "--version"],
    Node: ["node", "--version"],
  });
  const text = [
    `${machine} BullMQ 6.7.0.`,
    `\`${["deno task bench-tasks", ...Deno.args].join(" ")}\``,
    `${flags.count} tasks that do nothing with 120 bytes of input; one process queues them, so many at a time, each ` +
    `acknowledged by itself; then one process runs them, as many at a time. Each process does as many before them that do not count: both are compiled as they run. The store or Redis ` +
    `has core ${place.storeCore}, the other process core ${place.clientCore}. Flotilla's store flushes every commit ` +
    `to the disk before it answers, as Redis does with \`always\`: those that came while it flushed the ones before together. ` +
    `Flushes are counted by strace in a run of ${FLUSH_COUNT} tasks of its own.`,
    ...tables,
    ...(depths.length === 0 ? [] : [await measureDepths(depths)]),
    ...(flags.starts === 0 ? [] : [await measureStarts(flags.starts)]),
    ...(flags.idle === 0 ? [] : [await measureIdle(flags.idle)]),
  ].join("\n\n");
  console.log(`\n${text}`);
  if (flags.keep === "yes") await keepSection("Tasks", text);
} finally {
  await Deno.remove(folder, { recursive: true });
}

/** What each contender does, so many tasks at a time. */
async function measureTables(concurrency: number): Promise<string[]> {
  const readings: QueueReading[] = [];
  for (const contender of [flotilla, bullmq("always"), bullmq("everysec")]) {
    readings.push(await measure(contender, concurrency));
  }
  return (["queued", "finished"] as const).map((stage) => queueTable(readings, { stage, concurrency }));
}

async function measure(contender: QueueContender, concurrency: number): Promise<QueueReading> {
  await using queue = await contender.start(place);
  const { count } = flags;
  const amount = { warmUp: count, count, concurrency };
  const queued = stageOf(await queue.produce(amount));
  const finished = stageOf(await queue.consume(amount));
  // Looking slows it down, so it is done apart.
  const few = { warmUp: 1, count: FLUSH_COUNT, concurrency };
  const flushes = [
    await countFlushes(queue.server, () => queue.produce(few)),
    await countFlushes(queue.server, () => queue.consume(few)),
  ].map((total) => total === undefined ? undefined : Math.round(total / FLUSH_COUNT * 1_000));
  const reading = {
    contender: contender.name,
    queued: { ...queued, flushes: flushes[0] },
    finished: { ...finished, flushes: flushes[1] },
  };
  console.log(`${contender.name}: ${JSON.stringify(reading)}`);
  return reading;
}

function stageOf({ seconds, ownSeconds, serverSeconds }: Effort): Omit<StageReading, "flushes"> {
  const { count } = flags;
  return { rate: count / seconds, own: ownSeconds / count * 1e6, server: serverSeconds / count * 1e6 };
}

/** How soon a task begins that finds a worker idle. */
async function measureStarts(count: number): Promise<string> {
  await using queue = await flotilla.start(place);
  const { p50, p99, most } = await measureStartLatency(queue.port, count);
  const shown = [p50, p99, most].map((ms) => ms.toFixed(1));
  const text =
    `${count} tasks sent one at a time to an idle worker of another process began, from the moment they were ` +
    `sent, after ${shown[0]} ms (p50), ${shown[1]} ms (p99), ${shown[2]} ms at most.`;
  console.log(text);
  return text;
}

async function measureIdle(seconds: number): Promise<string> {
  const rates = await measureIdleRequests(seconds);
  const shown = rates.map(({ store, perSecond }) => `${perSecond.toFixed(1)} of \`${store}\``).join(", ");
  const text =
    `A whole system that nobody asks for anything asks its stores so often a second, over ${seconds} s: ${shown}.`;
  console.log(text);
  return text;
}

/** What a task costs while others wait: so many are queued and left, and a sample is queued and run on top of them. */
async function measureDepths(depths: readonly number[]): Promise<string> {
  const rows: string[] = [];
  await using queue = await flotilla.start(place);
  let waiting = 0;
  for (const depth of depths.toSorted((one, other) => one - other)) {
    await queue.produce({ warmUp: 1, count: Math.max(1, depth - waiting), concurrency: 512 });
    waiting = Math.max(depth, waiting + 1);
    const cells: string[] = [];
    for (const work of [queue.produce, queue.consume]) {
      const { seconds, ownSeconds, serverSeconds } = await work({
        warmUp: SAMPLE,
        count: SAMPLE,
        concurrency: atATime,
      });
      cells.push(...[seconds, ownSeconds, serverSeconds].map((time) => (time / SAMPLE * 1e6).toFixed(0)));
    }
    rows.push(`| ${[depth, ...cells].join(" | ")} |`);
    console.log(rows.at(-1));
  }
  return [
    "| tasks waiting | µs to queue one | of the client | of the server | µs to run one | of the client | of the server |",
    "| ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ...rows,
  ].join("\n");
}
