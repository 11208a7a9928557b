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
