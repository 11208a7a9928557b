import { type Clock, systemClock } from "@flotilla/runtime";
import { findClaimed } from "./claim_list.ts";
import { followUps } from "./follow_ups.ts";
import { GroupWriter } from "./group_writer.ts";
import { indexKeys, keys, type TaskRef } from "./keys.ts";
import { readKeys } from "./read_keys.ts";
import { decodeRecord, encodeRecord } from "./task_record.ts";
import {
  isOver,
  type Refusal,
  type Task,
  type TaskEvent,
  type TaskStatus,
  transition,
} from "./task_state.ts";
import { joinPlans, keyText, type PlannedCheck, type PlannedSet, type WritePlan } from "./write_plan.ts";

/** A task's record, with the version of it that a write must still find. */
export interface TaskEntry {
  readonly task: Task;
  readonly versionstamp: string;
}

/** Keys beyond the task's own that a write checks and sets in the same step. */
export type Extra = Partial<Pick<WritePlan, "checks" | "sets">>;

/** A change of a task that is yet to be written. */
export interface PlannedChange {
  /** The task as it becomes. */
  readonly task: Task;
  readonly plan: WritePlan;
}

/** Thrown when an event has no effect on a task. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
  readonly refused: Refusal["refused"];
  /** The task as it stands. */
  readonly task: Task;

  constructor(refused: Refusal["refused"], task: Task) {
    super(`Cannot change task ${task.id}: ${refused}, it is ${task.state.status}`);
    this.refused = refused;
    this.task = task;
  }
}

/** The records of tasks, and every key by which they are found. */
export class TaskStore {
  readonly kv: Deno.Kv;
  readonly #clock: Clock;
  readonly #writer: GroupWriter;
  /** Of this store among all, in the names of writes. */
  readonly #name = crypto.getRandomValues(new Uint8Array(12)).toBase64();
  #writes = 0;

  constructor(kv: Deno.Kv, options: { clock?: Clock } = {}) {
    this.kv = kv;
    this.#writer = new GroupWriter(kv);
    this.#clock = options.clock ?? systemClock;
  }

  /** The task, or `undefined` when there is none, or it may be forgotten. */
  async get(ref: TaskRef): Promise<TaskEntry | undefined> {
    return this.#entry(await this.kv.get(keys.task(ref)));
  }

  /** The task that waits at a place of the queue, when the place itself tells. */
  carried({ value, versionstamp }: Deno.KvEntry<unknown>): TaskEntry | undefined {
    const record = decodeRecord(value);
    return record === undefined ? undefined : { task: record.task, versionstamp };
  }

  /** The tasks, in the order asked for, a few in each request to the store. */
  async getMany(refs: readonly TaskRef[]): Promise<(TaskEntry | undefined)[]> {
    const found = await readKeys(this.kv, refs.map((ref) => keys.task(ref)));
    return found.map((entry) => this.#entry(entry));
  }

  /** An owner's tasks, newest first, those older than the id `before`. */
  async *list(
    owner: string,
    options: { before?: string; batchSize?: number } = {},
  ): AsyncGenerator<TaskEntry> {
    const { before, batchSize = 100 } = options;
    const prefix = keys.tasksOf(owner);
    const selector: Deno.KvListSelector = before === undefined
      ? { prefix }
      : { start: [...prefix, ""], end: [...prefix, before] };
    for await (const entry of this.kv.list(selector, { reverse: true, batchSize })) {
      const found = this.#entry(entry);
      if (found !== undefined) yield found;
    }
  }

  /** The task whenever it changes, beginning with how it stands; ends when it is gone, or by `return()`. */
  watch(ref: TaskRef): ReadableStream<TaskEntry | undefined> {
    const changes = this.kv.watch<[unknown]>([keys.task(ref)]);
    return changes.pipeThrough(
      new TransformStream({
        transform: ([entry], controller) => controller.enqueue(this.#entry(entry)),
      }),
    );
  }

  /** Adds a task. False when a check of `extra` failed: nothing was written then. */
  async create(task: Task, extra: Extra = {}): Promise<boolean> {
    const key = keyOf(task);
    const check = { key, versionstamp: null, fresh: true };
    const plan = this.#plan({ check, before: undefined, task, write: this.#newWrite(), extra });
    if (await this.commit(plan) !== undefined) return true;
    // The id is new, so a record under it is ours: the write was done, and only its answer was lost.
    return (await this.kv.get(key)).versionstamp !== null;
  }

  /**
   * Moves a task by one event, starting from the record as it was last seen.
   *
   * A write that fails on its check is looked at again: it may have been applied by an earlier try of the KV client, or
   * another change may have come first, and then the event is judged anew on what stands there. A task that was claimed, and
   * whose record does not say so yet, is moved as one that runs.
   *
   * @param options.write the same for every try of one change, when an earlier try may have been applied; default new
   * @throws {RefusedError} when the event has no effect
   */
  async change(from: TaskEntry, event: TaskEvent, options: { write?: string } = {}): Promise<TaskEntry> {
    const { write = this.#newWrite() } = options;
    let [entry, stray] = [from, false];
    for (;;) {
      const { task, plan } = this.plan(entry, event, { write, stray });
      const done = await this.commit(plan);
      if (done !== undefined) return { task, versionstamp: done };
      const found = await this.kv.get(keyOf(task));
      const record = decodeRecord(found.value);
      if (record === undefined || found.versionstamp === null) throw new RefusedError("over", entry.task);
      const now = { task: record.task, versionstamp: found.versionstamp };
      if (record.write === write) return now;
      const placeless = now.versionstamp === entry.versionstamp && now.task.state.status === "queued";
      const claimed = placeless ? await findClaimed(this.kv, now) : undefined;
      [entry, stray] = [claimed ?? now, placeless && claimed === undefined];
    }
  }

  /**
   * What it takes to move a task by one event: the task as it becomes, and the write that makes it so if the record is as it
   * was last seen.
   *
   * @param options.write names the write in the record
   * @param options.stray whether the task waits at no place of the queue, and is claimed by nobody; default false
   * @throws {RefusedError} when the event has no effect
   */
  plan(entry: TaskEntry, event: TaskEvent, options: { write: string; stray?: boolean }): PlannedChange {
    const { write, stray = false } = options;
    const task = movedBy(entry, event);
    const { task: before, versionstamp } = entry;
    const checks = stray ? [] : placeOf(before).map((key) => ({ key, versionstamp }));
    const check = { key: keyOf(task), versionstamp };
    return { task, plan: this.#plan({ check, before, task, write, extra: { checks } }) };
  }

  /** Commits a plan; the version it was written under, or `undefined` when a check failed. */
  commit(plan: WritePlan): Promise<string | undefined> {
    return this.#writer.commit(plan);
  }

  /** How many checks one atomic write takes. */
  get mostChecks(): number {
    return this.#writer.mostChecks;
  }

  /** Names a write as none was named before, in this process or in another. */
  #newWrite(): string {
    return `${this.#name}.${this.#writes++}`;
  }

  /** A record, its keys and what follows from it. */
  #plan(change: Change): WritePlan {
    const { before, task } = change;
    const now = this.#clock.now();
    const made = followUps(before, task).map((next) =>
      changePlan({
        check: { key: keyOf(next), versionstamp: null, fresh: true },
        before: undefined,
        task: next,
        write: change.write,
        extra: {},
      }, now)
    );
    const plan = changePlan(change, now);
    return made.length === 0 ? plan : joinPlans([plan, ...made]);
  }

  /** Expiry is promised "not before" only, so what has expired may still be there. */
  #entry({ value, versionstamp }: Deno.KvEntryMaybe<unknown>): TaskEntry | undefined {
    const record = decodeRecord(value);
    if (record === undefined || versionstamp === null) return undefined;
    const { task } = record;
    if (task.expires !== undefined && task.expires <= this.#clock.now()) return undefined;
    return { task, versionstamp };
  }
}

/** One step of a task, to be written. */
interface Change {
  readonly check: PlannedCheck;
  readonly before: Task | undefined;
  readonly task: Task;
  readonly write: string;
  readonly extra: Extra;
}

/** A task as it becomes by an event. @throws {RefusedError} when the event has no effect */
export function movedBy({ task: before }: TaskEntry, event: TaskEvent): Task {
  const task = transition(before, event);
  if ("refused" in task) throw new RefusedError(task.refused, before);
  return task;
}

/**
 * The place in the queue of a task that waits. It was set by the same write as the record; where it is gone, somebody has
 * claimed the task.
 */
export function placeOf(task: Task): readonly Deno.KvKey[] {
  return task.state.status === "queued" ? indexKeys(task) : NO_KEYS;
}

function keyOf({ owner, id }: Task): Deno.KvKey {
  return keys.task({ owner: owner.subject, id });
}

/** The record, the keys by which the task is found, the counters, and the bells of who must know. */
function changePlan({ check, before, task, write, extra }: Change, now: number): WritePlan {
  const life = task.expires === undefined ? undefined : Math.max(1, task.expires - now);
  const record = encodeRecord({ task, write });
  const sets: PlannedSet[] = [setting(check.key, record, life)];
  const { added, removed } = movedKeys(before, task);
  if (added.length > 0) {
    const index = indexValue(task, record);
    for (const key of added) sets.push(setting(key, index, life));
  }
  for (const { key, name } of bells(before, task)) sets.push({ key, value: write, shared: name });
  if (extra.sets !== undefined) sets.push(...extra.sets);
  const checks = extra.checks === undefined ? [check] : [check, ...extra.checks];
  return { checks, sets, deletes: removed, counts: countsOf(before, task) };
}

function setting(key: Deno.KvKey, value: unknown, expireIn: number | undefined): PlannedSet {
  return expireIn === undefined ? { key, value } : { key, value, expireIn };
}

const NO_KEYS: readonly Deno.KvKey[] = [];

/** The keys by which a task was found and is no longer, and those by which it is now. */
function movedKeys(before: Task | undefined, task: Task) {
  const old = before === undefined ? NO_KEYS : indexKeys(before);
  const now = indexKeys(task);
  if (old.length === 0 || now.length === 0) return { added: now, removed: old };
  const kept = new Map(old.map((key) => [keyText(key), key]));
  const added = now.filter((key) => !kept.delete(keyText(key)));
  return { added, removed: [...kept.values()] };
}

/** A record of fewer bytes than this stands at the task's place too, so that whoever claims it need not look it up. */
const CARRIED = 2_048;

/**
 * What stands under the keys by which a task is found. The place of a task that waits is written in the same step as its
 * record and has the same version, so a claim may start from either.
 */
function indexValue(task: Task, record: Uint8Array): unknown {
  return task.state.status === "queued" && record.length < CARRIED ? record : 0;
}

const UNCHANGED: WritePlan["counts"] = [];

function countsOf(before: Task | undefined, task: Task): WritePlan["counts"] {
  const from = before?.state.status;
  const to = task.state.status;
  if (from === to) return UNCHANGED;
  // What is over is counted for good.
  if (from === undefined || before === undefined || isOver(before.state)) return [{ status: to, by: 1 }];
  return [{ status: from, by: -1 }, { status: to, by: 1 }];
}

/** What workers have to know of: something to claim, or a time to be there. */
const WAKING: ReadonlySet<TaskStatus> = new Set(["scheduled", "retrying"]);

/** A key that tells others of a change, and a name that no other one has. */
interface PlannedBell {
  readonly key: Deno.KvKey;
  readonly name: string;
}

const WAKE: PlannedBell = { key: keys.wake, name: "wake" };
const WAKE_ONLY: readonly PlannedBell[] = [WAKE];
const NO_BELLS: readonly PlannedBell[] = [];

/** The keys that tell others of a change. */
function bells(before: Task | undefined, { state, owner, kind }: Task): readonly PlannedBell[] {
  const left = before?.state.status === "running" ? before.state : undefined;
  switch (state.status) {
    case "queued":
      return [{ key: keys.lane(owner.subject, kind), name: `lane ${kind} ${owner.subject}` }, WAKE];
    case "running": {
      const { holder } = state.lease;
      if (left === undefined || !state.cancelling || left.cancelling) return NO_BELLS;
      return [{ key: keys.inbox(holder), name: `inbox ${holder}` }];
    }
    default:
      // A permit that came free is as good as a task that came.
      return WAKING.has(state.status) || left?.lease.permits?.length ? WAKE_ONLY : NO_BELLS;
  }
}
