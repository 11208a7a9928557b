import { sleep } from "@flotilla/runtime";
import type { System } from "../system.ts";

/** How {@linkcode disturb} goes on. */
export interface DisturbOptions {
  /** Processes to kill, one at a time, each ready again before the next. */
  victims: readonly string[];
  /** Milliseconds between one being back and the next being killed. */
  pause: number;
  /** Numbers from 0 up to 1. */
  random: () => number;
  /** Ends it. */
  signal: AbortSignal;
  /** Called with the name of each that was killed. @default nothing */
  onKill?: (name: string) => void;
}

/** Kills one process after the other by SIGKILL until told to stop; the supervisor starts them again. */
export async function disturb(system: System, options: DisturbOptions): Promise<void> {
  const { victims, pause, random, signal, onKill = () => {} } = options;
  while (await paused(pause, signal)) {
    const name = victims[Math.floor(random() * victims.length)];
    if (name === undefined) throw new RangeError("Cannot disturb: there is nothing to kill");
    const before = system.pidOf(name);
    await system.kill(name);
    onKill(name);
    await system.restarted(name, before);
  }
}

async function paused(ms: number, signal: AbortSignal): Promise<boolean> {
  return await sleep(ms, { signal }).then(() => true, () => false);
}
