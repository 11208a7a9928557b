import type { System } from "@flotilla/tests";
import { runPinned } from "../pinned.ts";

/** Ticks of the clock that Linux counts a process's time in, a second: always 100 where programs see it. */
const TICKS = 100;

/** Seconds of processor time that all processes of a system have taken so far, in the kernel and outside. */
export async function processorTime(system: System): Promise<number> {
  const files = system.names.map((name) => `/proc/${system.pidOf(name)}/stat`);
  const lines = (await runPinned(["cat", ...files], {})).trim().split("\n");
  return lines.reduce((sum, line) => sum + ticksOf(line), 0) / TICKS;
}

/** Ticks in one line of `/proc/PID/stat`: user's and system's (proc(5)). The name before them may have spaces. */
export function ticksOf(line: string): number {
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}
