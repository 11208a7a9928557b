// deno-lint-ignore-file no-console -- a program of a benchmark: what it prints is read
import { openKv } from "@flotilla/runtime";
import { defineTask, Runner, TaskStore } from "@flotilla/worker/engine";
import { z } from "zod";
import { stopwatch } from "./stopwatch.ts";

// Runs tasks that do nothing, CONCURRENCY at a time, until COUNT of them are finished; prints how long that took.
const [url = "", count = "0", concurrency = "1"] = Deno.args;
const kv = await openKv(url);
const noop = defineTask({ name: "noop", input: z.unknown(), run: () => Promise.resolve(null) });
const done = Promise.withResolvers<void>();
let finished = 0;
const runner = new Runner({
  store: new TaskStore(kv),
  kinds: new Map([[noop.name, noop]]),
  instance: `bench_${Deno.pid}`,
  service: () => () => Promise.reject(new Error("There is no service here")),
  concurrency: Number(concurrency),
  metrics: {
    started() {},
    finished() {
      if (++finished === Number(count)) done.resolve();
    },
  },
});
await kv.get(["wake"]);

const watch = stopwatch();
runner.start();
await done.promise;
console.log(JSON.stringify(watch()));
await runner.stop();
kv.close();
