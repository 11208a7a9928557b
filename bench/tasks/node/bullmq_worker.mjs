// Runs jobs that do nothing, CONCURRENCY at a time: WARM_UP and COUNT more; prints what it took to finish the latter.
import { Worker } from "bullmq";
import { stopwatch } from "./stopwatch.mjs";

const [port, warmUp, count, concurrency, server] = process.argv.slice(2).map(Number);
let finished = 0;
let watch;
const worker = new Worker("bench", async () => null, {
  connection: { host: "127.0.0.1", port },
  concurrency,
  autorun: false,
});
await worker.waitUntilReady();

worker.on("completed", () => {
  finished++;
  if (finished === warmUp) watch = stopwatch(server);
  if (finished < warmUp + count) return;
  console.log(JSON.stringify(watch()));
  process.exit(0);
});
await worker.run();
