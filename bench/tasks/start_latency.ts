import { openKv } from "@flotilla/runtime";
import { newTask, TaskStore } from "@flotilla/worker/engine";
import { generate } from "@std/uuid/v7";
import { fromFileUrl } from "@std/path";
import { runPinned } from "../pinned.ts";
import { TOKEN } from "./contenders.ts";
import { OWNER } from "./payload.ts";

/** Milliseconds from the moment that a task is sent to the store until its code begins, in another process. */
export interface StartLatency {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
}

const WORKER = fromFileUrl(import.meta.resolve("./latency_worker.ts"));
/** Milliseconds between two tasks, about: each finds the worker idle. */
const PAUSE = 30;

/** Queues tasks one at a time, with pauses, which a worker in another process begins with. */
export async function measureStartLatency(port: number, count: number): Promise<StartLatency> {
  const url = `http://127.0.0.1:${port}`;
  Deno.env.set("DENO_KV_ACCESS_TOKEN", TOKEN);
  const worker = runPinned([Deno.execPath(), "run", "-A", WORKER, url, String(count)], {});
  const kv = await openKv(url);
  const store = new TaskStore(kv);
  // The first ones find the worker still starting, and do not count.
  for (let number = -WARM_UP; number < count; number++) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE * (0.5 + Math.random())));
    const now = Date.now();
    await store.create(newTask({
      id: generate(now),
      kind: "timed",
      owner: OWNER,
      input: { number, sent: performance.timeOrigin + performance.now() },
      now,
      state: { status: "queued", since: now },
    }));
  }
  kv.close();
  const latencies: number[] = JSON.parse(await worker);
  latencies.sort((one, other) => one - other);
  const quantile = (share: number) => latencies[Math.ceil(share * latencies.length) - 1] ?? NaN;
  return { count, p50: quantile(0.5), p99: quantile(0.99), most: quantile(1) };
}

/** Tasks that are run before anything counts. */
const WARM_UP = 100;
