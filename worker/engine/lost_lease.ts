import { asClaimed, claimedRef, type ClaimList } from "./claim_list.ts";
import { keys } from "./keys.ts";
import { RefusedError, type TaskEntry, type TaskStore } from "./task_store.ts";
import { NO_CHANGE } from "./write_plan.ts";

/** How {@linkcode takeLostLease} judges. */
export interface LostLeaseOptions {
  /** Milliseconds since the epoch. */
  now: number;
  /** How many times a task's worker may be lost before the task has failed. */
  maxLosses: number;
  /** Milliseconds that a task which ends here is kept. */
  retention: number;
}

/** Stands in an entry whose tasks are being taken. No worker has such a name. */
const TAKEN = "";

/**
 * Takes the tasks from a worker whose lease has ended, and says how many.
 *
 * First the lease's entry is rewritten, so that its worker can neither claim under it nor renew it from here on. The entry
 * stays until all tasks are taken: whoever dies halfway leaves the rest to the next one who looks at the agenda.
 */
export async function takeLostLease(
  store: TaskStore,
  entry: Deno.KvEntry<unknown>,
  options: LostLeaseOptions,
): Promise<number> {
  const versionstamp = entry.value === TAKEN ? entry.versionstamp : await store.commit({
    ...NO_CHANGE,
    checks: [entry],
    sets: [{ key: entry.key, value: TAKEN }],
  });
  if (versionstamp === undefined) return 0;
  const id = String(entry.key.at(-1));
  let taken = 0;
  for await (const { key, value: list } of store.kv.list<ClaimList>({ prefix: keys.held(id) })) {
    const tasks = await store.getMany(list.tasks.map(claimedRef));
    const moves = await Promise.all(list.tasks.map((claimed, index) => {
      const entry = tasks[index];
      const task = entry && asClaimed(entry, { lease: id, list, claimed });
      return takeTask(store, task, { lease: id, ...options });
    }));
    taken += moves.filter((moved) => moved).length;
    await store.commit({ ...NO_CHANGE, deletes: [key] });
  }
  await store.commit({ ...NO_CHANGE, checks: [{ key: entry.key, versionstamp }], deletes: [entry.key] });
  return taken;
}

async function takeTask(
  store: TaskStore,
  task: TaskEntry | undefined,
  options: LostLeaseOptions & { lease: string },
): Promise<boolean> {
  if (task === undefined) return false;
  try {
    await store.change(task, { type: "lost", ...options });
    return true;
  } catch (error) {
    // It has ended, or runs under another lease.
    if (error instanceof RefusedError) return false;
    throw error;
  }
}
