import { keys, refOf } from "./keys.ts";
import { RefusedError, type TaskStore } from "./task_store.ts";

/** How {@linkcode sweepAgenda} judges. */
export interface AgendaOptions {
  /** Milliseconds since the epoch. */
  now: number;
  /** How many times a task's worker may be lost before the task has failed. */
  maxLosses: number;
  /** Milliseconds that a task which ends here is kept. */
  retention: number;
  /** Most tasks moved in one sweep. @default 50 */
  limit?: number;
}

/** What a sweep did. */
export interface AgendaSweep {
  /** Tasks that were moved. */
  readonly moved: number;
  /** When the agenda must be looked at next, or `undefined` when it is empty. */
  readonly next: number | undefined;
}

/**
 * Moves every task whose time has come: one that waited is queued, one whose worker was lost is taken from it.
 *
 * Any worker may sweep at any time. Where two do, the record's check lets one of them move the task, and the other one's
 * event is refused.
 */
export async function sweepAgenda(store: TaskStore, options: AgendaOptions): Promise<AgendaSweep> {
  const { now, maxLosses, retention, limit = 50 } = options;
  const entries = await Array.fromAsync(
    store.kv.list({ prefix: keys.agenda }, { limit: limit + 1, batchSize: limit + 1 }),
  );
  const due = entries.slice(0, limit).filter(({ key }) => timeOf(key) <= now);
  const tasks = await store.getMany(due.map(({ key }) => refOf(key)));
  const moves = tasks.map(async (entry, index) => {
    if (entry === undefined) return await forget(store, due[index]);
    try {
      await store.change(entry, { type: "due", now, maxLosses, retention });
      return true;
    } catch (error) {
      if (error instanceof RefusedError) return false;
      throw error;
    }
  });
  const moved = (await Promise.all(moves)).filter((done) => done).length;
  const next = entries[due.length];
  return { moved, next: next === undefined ? undefined : timeOf(next.key) };
}

/** An entry whose task is gone would come up for ever. */
async function forget(store: TaskStore, entry: Deno.KvEntry<unknown> | undefined): Promise<boolean> {
  if (entry !== undefined) await store.kv.atomic().check(entry).delete(entry.key).commit();
  return false;
}

function timeOf(key: Deno.KvKey): number {
  return Number(key[keys.agenda.length]);
}
