// Queues WARM_UP jobs and COUNT more, IN_FLIGHT at a time, each acknowledged by itself; prints what the latter took.
import { Queue } from "bullmq";
import { stopwatch } from "./stopwatch.mjs";

const [port, warmUp, count, inFlight, server] = process.argv.slice(2).map(Number);
const queue = new Queue("bench", { connection: { host: "127.0.0.1", port } });
await queue.waitUntilReady();

let next = 0;
async function produce(end) {
  while (next < end) await queue.add("noop", { number: next++, text: "x".repeat(100) });
}

await Promise.all(Array.from({ length: inFlight }, () => produce(warmUp)));
const watch = stopwatch(server);
await Promise.all(Array.from({ length: inFlight }, () => produce(warmUp + count)));
console.log(JSON.stringify(watch()));
await queue.close();
