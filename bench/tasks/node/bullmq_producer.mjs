// Queues COUNT jobs, IN_FLIGHT at a time, each acknowledged by itself; prints how long that took.
import { Queue } from "bullmq";

const [port, count, inFlight] = process.argv.slice(2).map(Number);
const queue = new Queue("bench", { connection: { host: "127.0.0.1", port } });
await queue.waitUntilReady();

let next = 0;
async function produce() {
  while (next < count) await queue.add("noop", { number: next++, text: "x".repeat(100) });
}

const began = performance.now();
const before = process.cpuUsage();
await Promise.all(Array.from({ length: inFlight }, produce));
const { user, system } = process.cpuUsage(before);
console.log(JSON.stringify({ seconds: (performance.now() - began) / 1_000, ownSeconds: (user + system) / 1e6 }));
await queue.close();
