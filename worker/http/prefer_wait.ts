import type { Clock } from "@flotilla/runtime";
import type { TaskRef } from "../engine/keys.ts";
import { isOver } from "../engine/task_state.ts";
import type { TaskEntry, TaskStore } from "../engine/task_store.ts";

/** Seconds that a request may wait at most. */
const LONGEST = 30;

/**
 * The seconds of `Prefer: wait=N` (RFC 7240, section 4.3), at most 30; 0 when the client does not ask for it.
 *
 * @example
 * ```ts
 * import { preferredWait } from "./prefer_wait.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(preferredWait("respond-async, wait=10"), 10);
 * assertEquals(preferredWait("return=minimal"), 0);
 * ```
 */
export function preferredWait(field: string | undefined): number {
  const [, seconds] = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,6})"?\s*(?:$|[,;])/i.exec(field ?? "") ?? [];
  return Math.min(LONGEST, Number(seconds ?? 0));
}

/** The whole seconds that may be waited for a caller that itself waits `ms` milliseconds: one is left for the answer. */
export function longestWait(ms: number): number {
  return Math.max(0, Math.floor(ms / 1_000) - 1);
}

/** The task when it is over, or as it stands when `seconds` have passed or the signal is aborted. */
export async function whenOver(
  store: TaskStore,
  entry: TaskEntry,
  options: { seconds: number; clock: Clock; signal: AbortSignal },
): Promise<TaskEntry> {
  const { seconds, clock, signal } = options;
  if (seconds === 0 || isOver(entry.task.state) || signal.aborted) return entry;
  const ref: TaskRef = { owner: entry.task.owner.subject, id: entry.task.id };
  const changes = store.watch(ref).getReader();
  const end = () => void changes.cancel().catch(() => {});
  using _timer = clock.setTimeout(end, seconds * 1_000);
  signal.addEventListener("abort", end, { once: true });
  try {
    let last = entry;
    while (!isOver(last.task.state)) {
      const { done, value } = await changes.read();
      if (done || value === undefined) break;
      last = value;
    }
    return last;
  } finally {
    signal.removeEventListener("abort", end);
    end();
  }
}
