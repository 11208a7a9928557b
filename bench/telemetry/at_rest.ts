import { delay } from "@std/async/delay";
import { processorTime } from "../processor_time.ts";
import { pidsOf, type Target } from "./target.ts";

/** Reads a second that each system is sent while it rests: as many as the edge begins traces. */
const READS = 10;

/**
 * Sends a system ten reads a second until it is disposed, each when it is due.
 *
 * @throws {Error} on disposal, when a read failed
 */
export function steadyReads({ origin, token }: Target): AsyncDisposable {
  const failures: unknown[] = [];
  const open = new Set<Promise<void>>();
  const read = async () => {
    const response = await fetch(`${origin}/data/welcome`, { headers: { authorization: `Bearer ${token}` } });
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`Cannot measure: a read was answered with ${response.status}`);
  };
  const timer = setInterval(() => {
    const reading: Promise<void> = read().catch((error) => void failures.push(error))
      .finally(() => open.delete(reading));
    open.add(reading);
  }, 1_000 / READS);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await Promise.all(open);
      if (failures.length > 0) throw failures[0];
    },
  };
}

/** Milliseconds of processor time a second that all processes of each system take, while so many seconds go by. */
export async function watchTime(systems: readonly Target[], seconds: number): Promise<number[]> {
  const started = performance.now();
  const look = () => Promise.all(systems.map((target) => processorTime(pidsOf(target))));
  const before = await look();
  await delay(1_000 * seconds);
  const after = await look();
  const elapsed = (performance.now() - started) / 1_000;
  return after.map((time, index) => 1_000 * (time - (before[index] ?? NaN)) / elapsed);
}
