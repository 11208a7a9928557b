import { keys, type TaskRef } from "./keys.ts";
import type { Task } from "./task_state.ts";
import { RefusedError, type TaskStore } from "./task_store.ts";

/** Schedules that one owner may have at a time. */
export const SCHEDULE_LIMIT = 100;

/** How many times the end of a schedule looks again that was falling due meanwhile. */
const TRIES = 5;

/**
 * The schedules of an owner: of each the task that comes next.
 *
 * @param id only this one
 */
export async function readSchedules(store: TaskStore, owner: string, id?: string): Promise<Task[]> {
  const refs = await nextOf(store, id === undefined ? keys.schedulesOf(owner) : keys.schedule(owner, id));
  const found = await store.getMany(refs);
  return found.flatMap((entry) => entry === undefined ? [] : [entry.task]);
}

/**
 * Ends a schedule: the task that would come next is cancelled, and what has begun goes on.
 *
 * @returns false when there is no such schedule
 */
export async function endSchedule(
  store: TaskStore,
  schedule: { owner: string; id: string },
  options: { now: number; retention: number },
): Promise<boolean> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const [next] = await nextOf(store, keys.schedule(schedule.owner, schedule.id));
    const entry = next === undefined ? undefined : await store.get(next);
    if (entry === undefined) return false;
    try {
      await store.change(entry, { type: "unschedule", ...options });
      return true;
    } catch (error) {
      // It has just fallen due, and has left another one behind.
      if (!(error instanceof RefusedError)) throw error;
    }
  }
  throw new Error(`Cannot end schedule ${schedule.id}: its tasks fall due faster than they can be cancelled`);
}

async function nextOf(store: TaskStore, prefix: Deno.KvKey): Promise<TaskRef[]> {
  const refs: TaskRef[] = [];
  for await (const { key: [, owner, , id] } of store.kv.list({ prefix }, { limit: SCHEDULE_LIMIT })) {
    refs.push({ owner: String(owner), id: String(id) });
  }
  return refs;
}
