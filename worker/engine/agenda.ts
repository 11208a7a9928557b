import { entriesOf } from "@flotilla/runtime";
import { getLogger } from "@logtape/logtape";
import { keys, refOf } from "./keys.ts";
import { type LostLeaseOptions, takeLostLease } from "./lost_lease.ts";
import type { Task } from "./task_state.ts";
import { RefusedError, type TaskEntry, type TaskStore } from "./task_store.ts";

const logger = getLogger(["flotilla", "worker", "agenda"]);

/** How {@linkcode sweepAgenda} judges. */
export interface AgendaOptions extends LostLeaseOptions {
  /** Most entries looked at in one sweep. @default 50 */
  limit?: number;
  /**
   * Whether the owner of a task that comes again may still have it so: its schedule ends otherwise. One that cannot be
   * found out about waits for a later sweep.
   *
   * @default everybody may
   */
  mayRecur?: ((task: Task) => Promise<boolean>) | undefined;
}

/** What a sweep did. */
export interface AgendaSweep {
  /** Tasks that were moved. */
  readonly moved: number;
  /** When the agenda must be looked at next, or `undefined` when it is empty. */
  readonly next: number | undefined;
}

/**
 * Moves every task whose time has come: one that waited is queued, those of a worker that was lost are taken from it.
 *
 * Any worker may sweep at any time. Where two do, the record's check lets one of them move the task, and the other one's
 * event is refused.
 */
export async function sweepAgenda(store: TaskStore, options: AgendaOptions): Promise<AgendaSweep> {
  const { now, limit = 50 } = options;
  const entries = await entriesOf(
    store.kv.list({ prefix: keys.agenda }, { limit: limit + 1, batchSize: limit + 1 }),
  );
  const due = entries.slice(0, limit).filter(({ key }) => timeOf(key) <= now);
  const waited = due.filter((entry) => !isLease(entry));
  const tasks = await store.getMany(waited.map(({ key }) => refOf(key)));
  const moves = tasks.map(async (task, index) =>
    await queue(store, task, { ...options, place: waited[index] })
  );
  const losses = due.filter(isLease).map((entry) => takeLostLease(store, entry, options));
  const moved = (await Promise.all([...moves, ...losses])).reduce((sum, count) => sum + count, 0);
  const next = entries[due.length];
  return { moved, next: next === undefined ? undefined : timeOf(next.key) };
}

/** Queues a task that is due, and says whether it was this call that did. */
async function queue(
  store: TaskStore,
  entry: TaskEntry | undefined,
  options: AgendaOptions & { place: Deno.KvEntry<unknown> | undefined },
): Promise<number> {
  const { now, retention, place, mayRecur } = options;
  if (entry === undefined) return await forget(store, place);
  try {
    if (await mustEnd(entry.task, mayRecur)) {
      await store.change(entry, { type: "unschedule", now, retention });
    } else await store.change(entry, { type: "due", now });
    return 1;
  } catch (error) {
    if (error instanceof RefusedError || error instanceof StandingUnknownError) return 0;
    throw error;
  }
}

/** It could not be found out whether a task may come again. */
class StandingUnknownError extends Error {
  override readonly name = "StandingUnknownError";
}

/** Whether a task is one that comes again, and its owner may not have it so any more. */
async function mustEnd(task: Task, mayRecur: AgendaOptions["mayRecur"]): Promise<boolean> {
  if (task.state.status !== "scheduled" || task.repeat === undefined || mayRecur === undefined) return false;
  try {
    return !await mayRecur(task);
  } catch (cause) {
    const { id, owner: { subject: owner } } = task;
    logger.warn("Task {id} of {owner} waits: its account could not be asked for: {cause}", {
      id,
      owner,
      cause,
    });
    throw new StandingUnknownError("Cannot tell whether the task may come again", { cause });
  }
}

/** An entry whose task is gone would come up for ever. */
async function forget(store: TaskStore, place: Deno.KvEntry<unknown> | undefined): Promise<number> {
  if (place !== undefined) await store.kv.atomic().check(place).delete(place.key).commit();
  return 0;
}

/** A lease is named by its id alone, a task by owner and id. */
function isLease({ key }: Deno.KvEntry<unknown>): boolean {
  return key.length === keys.lease(0, "").length;
}

function timeOf(key: Deno.KvKey): number {
  return Number(key[keys.agenda.length]);
}
