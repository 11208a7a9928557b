import { dirname, fromFileUrl } from "@std/path";
import { v8Flags } from "../../tasks/v8_flags.ts";
import { answering, type Pinned, runPinned, startPinned } from "../pinned.ts";

/** Where everything runs. */
export interface Place {
  readonly folder: string;
  readonly port: number;
  /** Of the process that keeps the tasks. */
  readonly storeCore: number;
  /** Of the one that queues them, and then of the one that runs them. */
  readonly clientCore: number;
}

/** How much is asked of a program. */
export interface Amount {
  /** Tasks that it queues, or runs, before those that count: its code is compiled as it is used. */
  readonly warmUp: number;
  readonly count: number;
  /** Tasks queued, or run, at the same time. */
  readonly concurrency: number;
}

/** What the tasks that count took, from the first to the last. */
export interface Effort {
  readonly seconds: number;
  /** Of processor time of the process that queued, or ran, them. */
  readonly ownSeconds: number;
  /** Of processor time of the one that keeps them. */
  readonly serverSeconds: number;
}

/** A queue of tasks that is running. */
export interface RunningQueue extends AsyncDisposable {
  /** The process that keeps the tasks. */
  readonly server: number;
  /** Where it listens. */
  readonly port: number;
  /** Queues tasks. */
  produce(amount: Amount): Promise<Effort>;
  /** Runs as many tasks as are asked for, which do nothing. */
  consume(amount: Amount): Promise<Effort>;
}

/** A queue of tasks to measure. */
export interface QueueContender {
  readonly name: string;
  start(place: Place): Promise<RunningQueue>;
}

const HERE = dirname(fromFileUrl(import.meta.url));
const ROOT = dirname(dirname(HERE));
const PACKAGES = ["bullmq@6.7.0", "ioredis@5.8.2"];
/** What the store of the benchmark asks for. */
export const TOKEN = "a-token-for-benchmarks-only";

/** Flotilla's engine on a store that flushes every commit to the disk. */
export const flotilla: QueueContender = {
  name: "Flotilla",
  async start({ folder, port, storeCore, clientCore }) {
    const env = { DENO_KV_ACCESS_TOKEN: TOKEN };
    const data = await Deno.makeTempDir({ dir: folder });
    const deno = (role: "store" | "worker", program: string, args: string[]) => [
      Deno.execPath(),
      "run",
      ...v8Flags(role),
      "-A",
      `${ROOT}/${program}`,
      ...args,
    ];
    const flags = ["--port", `${port}`, "--path", `${data}/tasks.sqlite`, "--log-level", "error"];
    const store = startPinned(deno("store", "store/main.ts", flags), { core: storeCore, env });
    await answering(`http://127.0.0.1:${port}/readyz`, store);
    const run = async (program: string, amount: Amount) => {
      const args = [`http://127.0.0.1:${port}`, ...numbersOf(amount, store)];
      return effortOf(
        await runPinned(deno("worker", `bench/tasks/${program}`, args), { core: clientCore, env }),
      );
    };
    return {
      server: store.pid,
      port,
      produce: (amount) => run("flotilla_producer.ts", amount),
      consume: (amount) => run("flotilla_worker.ts", amount),
      [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
    };
  },
};

/** BullMQ on Redis, which flushes its log as `appendfsync` says. */
export function bullmq(appendfsync: "always" | "everysec"): QueueContender {
  return {
    name: `BullMQ, appendfsync ${appendfsync}`,
    async start({ folder, port, storeCore, clientCore }) {
      const data = await Deno.makeTempDir({ dir: folder });
      const flags = ["--port", `${port}`, "--bind", "127.0.0.1", "--dir", data, "--save", ""];
      const redis = startPinned(
        ["redis-server", ...flags, "--appendonly", "yes", "--appendfsync", appendfsync],
        { core: storeCore },
      );
      await listening(port, redis);
      const run = async (program: string, amount: Amount) => {
        const command = ["node", `${folder}/${program}`, `${port}`, ...numbersOf(amount, redis)];
        return effortOf(await runPinned(command, { core: clientCore }));
      };
      return {
        server: redis.pid,
        port,
        produce: (amount) => run("bullmq_producer.mjs", amount),
        consume: (amount) => run("bullmq_worker.mjs", amount),
        [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose](),
      };
    },
  };
}

/** Puts BullMQ and its programs into `folder`. */
export async function installBullmq(folder: string): Promise<void> {
  const { success, stderr } = await new Deno.Command("npm", {
    args: ["install", "--prefix", folder, "--no-audit", "--no-fund", ...PACKAGES],
  }).output();
  if (!success) throw new Error(`Cannot install BullMQ: ${new TextDecoder().decode(stderr)}`);
  for (const program of ["bullmq_producer.mjs", "bullmq_worker.mjs", "stopwatch.mjs"]) {
    await Deno.copyFile(`${HERE}/node/${program}`, `${folder}/${program}`);
  }
}

/** The numbers that every program takes. */
function numbersOf({ warmUp, count, concurrency }: Amount, server: Pinned): string[] {
  return [warmUp, count, concurrency, server.pid].map(String);
}

function effortOf(output: string): Effort {
  const effort: Effort = JSON.parse(output);
  return effort;
}

async function listening(port: number, process: Pinned): Promise<void> {
  const end = performance.now() + 15_000;
  while (performance.now() < end) {
    try {
      return (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error(`Cannot start: nothing listens on port ${port}: ${process.errors()}`);
}
