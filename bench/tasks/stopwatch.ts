import { cpuUsage } from "node:process";
import type { Effort } from "./contenders.ts";

/** Starts to measure this process; what is returned says what it has spent since. */
export function stopwatch(): () => Effort {
  const began = performance.now();
  const before = cpuUsage();
  return () => {
    const { user, system } = cpuUsage(before);
    return { seconds: (performance.now() - began) / 1_000, ownSeconds: (user + system) / 1e6 };
  };
}
