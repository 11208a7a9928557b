import { runPinned } from "./pinned.ts";

/** Ticks of the clock that Linux counts a process's time in, a second: always 100 where programs see it. */
export const TICKS = 100;

/** Seconds of processor time that processes have taken so far, and those that they started and that run: in the kernel and outside. */
export async function processorTime(pids: readonly number[]): Promise<number> {
  const children = await linesOf(pids.map((pid) => `/proc/${pid}/task/${pid}/children`));
  const all = [...pids, ...children.flatMap((line) => line.split(" ").filter(Boolean).map(Number))];
  const stats = await linesOf(all.map((pid) => `/proc/${pid}/stat`));
  return stats.reduce((sum, line) => sum + ticksOf(line), 0) / TICKS;
}

/** Ticks in one line of `/proc/PID/stat`: user's and system's (proc(5)). The name before them may have spaces. */
export function ticksOf(line: string): number {
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

async function linesOf(files: readonly string[]): Promise<string[]> {
  const text = (await runPinned(["cat", ...files], {})).trim();
  return text === "" ? [] : text.split("\n");
}
