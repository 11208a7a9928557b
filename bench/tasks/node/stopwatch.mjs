import { readFileSync } from "node:fs";

/** Starts to measure this process and the one that keeps the jobs; what is returned says what they have spent since. */
export function stopwatch(server) {
  const began = performance.now();
  const before = process.cpuUsage();
  const ticks = ticksNow(server);
  return () => {
    const { user, system } = process.cpuUsage(before);
    return {
      seconds: (performance.now() - began) / 1_000,
      ownSeconds: (user + system) / 1e6,
      serverSeconds: (ticksNow(server) - ticks) / 100,
    };
  };
}

/** As ../../processor_time.ts has it. */
function ticksNow(pid) {
  const line = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}
