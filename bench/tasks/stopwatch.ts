import { cpuUsage } from "node:process";
import { TICKS, ticksOf } from "../processor_time.ts";
import type { Effort } from "./contenders.ts";

/** Starts to measure this process and the one that keeps the tasks; what is returned says what they have spent since. */
export function stopwatch(server: number): () => Effort {
  const began = performance.now();
  const before = cpuUsage();
  const ticks = ticksNow(server);
  return () => {
    const { user, system } = cpuUsage(before);
    return {
      seconds: (performance.now() - began) / 1_000,
      ownSeconds: (user + system) / 1e6,
      serverSeconds: (ticksNow(server) - ticks) / TICKS,
    };
  };
}

function ticksNow(pid: number): number {
  return ticksOf(Deno.readTextFileSync(`/proc/${pid}/stat`));
}
