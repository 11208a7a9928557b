// Runs jobs that do nothing, CONCURRENCY at a time, until COUNT of them are finished; prints how many seconds that took.
import { Worker } from "bullmq";

const [port, count, concurrency] = process.argv.slice(2).map(Number);
let finished = 0;
const worker = new Worker("bench", async () => null, {
  connection: { host: "127.0.0.1", port },
  concurrency,
  autorun: false,
});
await worker.waitUntilReady();

const began = performance.now();
worker.on("completed", () => {
  if (++finished < count) return;
  console.log(JSON.stringify({ seconds: (performance.now() - began) / 1_000 }));
  process.exit(0);
});
await worker.run();
