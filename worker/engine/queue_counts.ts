import type { Clock } from "@flotilla/runtime";
import { keys } from "./keys.ts";
import { TASK_STATUSES, type TaskStatus } from "./task_state.ts";

/** How many tasks stand at each status; for the last three how many ever ended so. */
export type QueueCounts = Readonly<Record<TaskStatus, number>>;

/**
 * Reads the counters that every change moves along with the task itself: exact, and at the same cost however many tasks
 * there are.
 */
export async function readQueueCounts(kv: Deno.Kv): Promise<QueueCounts> {
  const entries = await kv.getMany<Deno.KvU64[]>(TASK_STATUSES.map((status) => keys.count(status)));
  const read = new Map(
    TASK_STATUSES.map((status, index) => [status, Number(entries[index]?.value?.value ?? 0n)]),
  );
  const of = (status: TaskStatus) => read.get(status) ?? 0;
  return {
    scheduled: of("scheduled"),
    queued: of("queued"),
    running: of("running"),
    retrying: of("retrying"),
    succeeded: of("succeeded"),
    failed: of("failed"),
    cancelled: of("cancelled"),
  };
}

/** Milliseconds that counts which were read are told to others who ask. */
const SHARED = 2_000;

/**
 * The same counts, read at most every two seconds however many look at them: every gateway does, for the dashboard, and
 * an idle system should leave its store alone.
 */
export function sharedQueueCounts(
  read: () => Promise<QueueCounts>,
  { clock }: { clock: Clock },
): () => Promise<QueueCounts> {
  let last: { readonly at: number; readonly counts: Promise<QueueCounts> } | undefined;
  return () => {
    const now = clock.now();
    if (last !== undefined && now - last.at < SHARED && now >= last.at) return last.counts;
    const counts = read();
    last = { at: now, counts };
    counts.catch(() => last = undefined);
    return counts;
  };
}
