// deno-lint-ignore-file no-console -- a program of a benchmark: what it prints is read
import { openKv } from "@flotilla/runtime";
import { newTask, TaskStore } from "@flotilla/worker/engine";
import { generate } from "@std/uuid/v7";
import { stopwatch } from "./stopwatch.ts";
import { OWNER, payload } from "./payload.ts";

// Queues WARM_UP tasks and COUNT more, IN_FLIGHT at a time, each acknowledged by itself; prints what the latter took.
const [url = "", ...numbers] = Deno.args;
const [warmUp = 1, count = 0, inFlight = 1, server = 0] = numbers.map(Number);
const kv = await openKv(url);
const store = new TaskStore(kv);

let next = 0;
async function produce(end: number): Promise<void> {
  while (next < end) {
    const now = Date.now();
    await store.create(newTask({
      id: generate(now),
      kind: "noop",
      owner: OWNER,
      input: payload(next++),
      now,
      state: { status: "queued", since: now },
    }));
  }
}

await Promise.all(Array.from({ length: inFlight }, () => produce(warmUp)));
const watch = stopwatch(server);
await Promise.all(Array.from({ length: inFlight }, () => produce(warmUp + count)));
console.log(JSON.stringify(watch()));
kv.close();
