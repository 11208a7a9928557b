// deno-lint-ignore-file no-console -- a terminal program
import { flag, number, readFlags } from "@flotilla/runtime";
import { z } from "zod";
import { describeMachine } from "../machine.ts";
import { keepSection } from "../results_file.ts";
import { bullmq, flotilla, installBullmq, type Place, type QueueContender } from "./contenders.ts";
import { type QueueReading, queueTable } from "./report.ts";

const flags = readFlags({
  name: "deno task bench-tasks",
  summary: "measures the task engine beside BullMQ on Redis, in one run",
}, {
  count: flag(number(z.number().int().min(1)).default(20_000), { help: "tasks queued, and then run" }),
  concurrency: flag(number(z.number().int().min(1)).default(64), {
    help: "tasks queued, and run, at the same time",
  }),
  queued: flag(z.string().regex(/^(\d+(,\d+)*)?$/).default("1000,10000,50000"), {
    help: "how many tasks wait while the cost of a task is measured; nothing for not at all",
  }),
  keep: flag(z.enum(["yes", "no"]).default("yes"), { help: "write bench/RESULTS.md" }),
});

/** Tasks that are run before anything counts. */
const WARM_UP = 2_000;
/** Tasks that are run while others wait. */
const SAMPLE = 2_000;
const folder = await Deno.makeTempDir({ prefix: "flotilla-bench-" });
const place: Place = { folder, port: 18_100, storeCore: 0, clientCore: 1 };

try {
  await installBullmq(folder);
  const readings: QueueReading[] = [];
  for (const contender of [flotilla, bullmq("always"), bullmq("everysec")]) {
    readings.push(await measure(contender));
  }
  const depths = flags.queued === "" ? [] : flags.queued.split(",").map(Number);
  const machine = await describeMachine({
    Redis: ["redis-server", "--version"],
    Node: ["node", "--version"],
  });
  const text = [
    `${machine} BullMQ 6.7.0.`,
    `\`${["deno task bench-tasks", ...Deno.args].join(" ")}\``,
    `${flags.count} tasks that do nothing with 120 bytes of input; one process queues them, ${flags.concurrency} at a ` +
    `time, each acknowledged by itself; then one process runs them, ${flags.concurrency} at a time. The store or Redis ` +
    `has core ${place.storeCore}, the other process core ${place.clientCore}. Flotilla's store flushes every commit ` +
    `to the disk.`,
    queueTable(readings),
    ...(depths.length === 0 ? [] : [await measureDepths(depths)]),
  ].join("\n\n");
  console.log(`\n${text}`);
  if (flags.keep === "yes") await keepSection("Tasks", text);
} finally {
  await Deno.remove(folder, { recursive: true });
}

async function measure(contender: QueueContender): Promise<QueueReading> {
  await using queue = await contender.start(place);
  const { count, concurrency } = flags;
  await queue.produce({ count: WARM_UP, concurrency });
  await queue.consume({ count: WARM_UP, concurrency });
  const reading = {
    contender: contender.name,
    queuedPerSecond: count / await queue.produce({ count, concurrency }),
    finishedPerSecond: count / await queue.consume({ count, concurrency }),
  };
  const figures = [reading.queuedPerSecond, reading.finishedPerSecond].map(Math.round);
  console.log(`${contender.name}: ${figures[0]} queued and ${figures[1]} finished a second`);
  return reading;
}

/** What a task costs while others wait: so many are queued and left, and a sample is queued and run on top of them. */
async function measureDepths(depths: readonly number[]): Promise<string> {
  const rows: string[] = [];
  await using queue = await flotilla.start(place);
  let waiting = 0;
  for (const depth of depths.toSorted((one, other) => one - other)) {
    const { concurrency } = flags;
    await queue.produce({ count: Math.max(1, depth - waiting), concurrency: 512 });
    waiting = Math.max(depth, waiting + 1);
    const queued = await queue.produce({ count: SAMPLE, concurrency });
    const finished = await queue.consume({ count: SAMPLE, concurrency });
    const cells = [depth, ...[queued, finished].map((seconds) => Math.round(seconds / SAMPLE * 1e6))];
    rows.push(`| ${cells.join(" | ")} |`);
    console.log(`${cells[0]} waiting: ${cells[1]} µs to queue and ${cells[2]} µs to run one`);
  }
  return ["| tasks waiting | µs to queue one | µs to run one |", "| ---: | ---: | ---: |", ...rows].join(
    "\n",
  );
}
