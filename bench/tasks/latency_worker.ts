// deno-lint-ignore-file no-console -- a program of a benchmark: what it prints is read
import { openKv } from "@flotilla/runtime";
import { defineTask, Runner, TaskStore } from "@flotilla/worker/engine";
import { z } from "zod";

// Runs tasks that tell when they were sent, until the COUNTth; prints after how many milliseconds each began.
const [url = "", count = "0"] = Deno.args;
const kv = await openKv(url);
const done = Promise.withResolvers<void>();
const latencies: number[] = [];
const timed = defineTask({
  name: "timed",
  input: z.object({ number: z.number(), sent: z.number() }),
  run({ input: { number, sent } }) {
    if (number >= 0) latencies.push(performance.timeOrigin + performance.now() - sent);
    if (latencies.length === Number(count)) done.resolve();
    return Promise.resolve();
  },
});
const runner = new Runner({
  store: new TaskStore(kv),
  kinds: new Map([[timed.name, timed]]),
  instance: `bench_${Deno.pid}`,
  service: () => () => Promise.reject(new Error("There is no service here")),
});
runner.start();
await done.promise;
console.log(JSON.stringify(latencies));
await runner.stop();
kv.close();
