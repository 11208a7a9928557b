// deno-lint-ignore-file no-console -- a program of a benchmark: what it prints is read
import { openKv } from "@flotilla/runtime";
import { newTask, TaskStore } from "@flotilla/worker/engine";
import { generate } from "@std/uuid/v7";
import { stopwatch } from "./stopwatch.ts";
import { OWNER, payload } from "./payload.ts";

// Queues COUNT tasks, IN_FLIGHT at a time, each acknowledged by itself; prints how long that took.
const [url = "", count = "0", inFlight = "1"] = Deno.args;
const kv = await openKv(url);
const store = new TaskStore(kv);
await kv.get(["wake"]);

let next = 0;
async function produce(): Promise<void> {
  while (next < Number(count)) {
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

const watch = stopwatch();
await Promise.all(Array.from({ length: Number(inFlight) }, produce));
console.log(JSON.stringify(watch()));
kv.close();
