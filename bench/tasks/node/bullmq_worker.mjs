// Runs jobs that do nothing, CONCURRENCY at a time, until COUNT of them are finished; prints how long that took.
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
const before = process.cpuUsage();
worker.on("completed", () => {
  if (++finished < count) return;
  const { user, system } = process.cpuUsage(before);
  console.log(JSON.stringify({ seconds: (performance.now() - began) / 1_000, ownSeconds: (user + system) / 1e6 }));
  process.exit(0);
});
await worker.run();
