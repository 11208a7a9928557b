// deno-lint-ignore-file no-console -- a program of a benchmark: what it prints is read
import { openKv } from "@flotilla/runtime";
import { defineTask, Runner, TaskStore } from "@flotilla/worker/engine";
import { z } from "zod";
import type { Effort } from "./contenders.ts";
import { stopwatch } from "./stopwatch.ts";

// Runs tasks that do nothing, CONCURRENCY at a time: WARM_UP and COUNT more; prints what it took to finish the latter.
const [url = "", ...numbers] = Deno.args;
const [warmUp = 1, count = 0, concurrency = 1, server = 0] = numbers.map(Number);
const kv = await openKv(url);
const noop = defineTask({ name: "noop", input: z.unknown(), run: () => Promise.resolve(null) });
const done = Promise.withResolvers<Effort>();
let finished = 0;
let watch: (() => Effort) | undefined;
const runner = new Runner({
  store: new TaskStore(kv),
  kinds: new Map([[noop.name, noop]]),
  instance: `bench_${Deno.pid}`,
  service: () => () => Promise.reject(new Error("There is no service here")),
  concurrency,
  metrics: {
    started() {},
    finished() {
      finished++;
      if (finished === warmUp) watch = stopwatch(server);
      if (finished === warmUp + count && watch !== undefined) done.resolve(watch());
    },
  },
});

runner.start();
console.log(JSON.stringify(await done.promise));
await runner.stop();
kv.close();
