import { type Clock, systemClock } from "@flotilla/runtime";
import { indexKeys, keys, type TaskRef } from "./keys.ts";
import { type Refusal, type Task, type TaskEvent, transition } from "./task_state.ts";

/** A task's record, with the version of it that a write must still find. */
export interface TaskEntry {
  readonly task: Task;
  readonly versionstamp: string;
}

/** What is kept: the task, and who wrote it last. */
interface StoredTask {
  readonly task: Task;
  /** New with every write: tells whether a write whose answer was lost was ours. */
  readonly write: string;
}

/** Keys beyond the task's own that a write checks and sets in the same step. */
export interface Extra {
  readonly checks: readonly Deno.AtomicCheck[];
  readonly sets: readonly { key: Deno.KvKey; value: unknown; expireIn?: number }[];
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

  constructor(kv: Deno.Kv, options: { clock?: Clock } = {}) {
    this.kv = kv;
    this.#clock = options.clock ?? systemClock;
  }

  /** The task, or `undefined` when there is none, or it may be forgotten. */
  async get(ref: TaskRef): Promise<TaskEntry | undefined> {
    return this.#entry(await this.kv.get<StoredTask>(keys.task(ref)));
  }

  /** The tasks, in the order asked for, ten in a request to the store. */
  async getMany(refs: readonly TaskRef[]): Promise<(TaskEntry | undefined)[]> {
    const batches: TaskRef[][] = [];
    for (let start = 0; start < refs.length; start += 10) batches.push(refs.slice(start, start + 10));
    const read = await Promise.all(
      batches.map((batch) => this.kv.getMany<StoredTask[]>(batch.map((ref) => keys.task(ref)))),
    );
    return read.flat().map((entry) => this.#entry(entry));
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
    for await (const entry of this.kv.list<StoredTask>(selector, { reverse: true, batchSize })) {
      const found = this.#entry(entry);
      if (found !== undefined) yield found;
    }
  }

  /** The task whenever it changes, beginning with how it stands; ends when it is gone, or by `return()`. */
  watch(ref: TaskRef): ReadableStream<TaskEntry | undefined> {
    const changes = this.kv.watch<[StoredTask]>([keys.task(ref)]);
    return changes.pipeThrough(
      new TransformStream({
        transform: ([entry], controller) => controller.enqueue(this.#entry(entry)),
      }),
    );
  }

  /** Adds a task. False when a check of `extra` failed: nothing was written then. */
  async create(task: Task, extra: Extra = { checks: [], sets: [] }): Promise<boolean> {
    const key = keys.task({ owner: task.owner.subject, id: task.id });
    if (await this.#write({ key, versionstamp: null }, undefined, task, crypto.randomUUID(), extra)) {
      return true;
    }
    // The id is new, so a record under it is ours: the write was done, and only its answer was lost.
    return (await this.kv.get(key)).versionstamp !== null;
  }

  /**
   * Moves a task by one event, starting from the record as it was last seen.
   *
   * A write that fails on its check is looked at again: it may have been applied by an earlier try of the KV client, or
   * another change may have come first, and then the event is judged anew on what stands there.
   *
   * @param options.write the same for every try of one change, when an earlier try may have been applied; default new
   * @throws {RefusedError} when the event has no effect
   */
  async change(from: TaskEntry, event: TaskEvent, options: { write?: string } = {}): Promise<TaskEntry> {
    const { write = crypto.randomUUID() } = options;
    const key = keys.task({ owner: from.task.owner.subject, id: from.task.id });
    for (let entry = from;;) {
      const next = transition(entry.task, event);
      if ("refused" in next) throw new RefusedError(next.refused, entry.task);
      const { versionstamp } = entry;
      const done = await this.#write({ key, versionstamp }, entry.task, next, write);
      if (done !== undefined) return { task: next, versionstamp: done };
      const found = await this.kv.get<StoredTask>(key);
      if (found.versionstamp === null) throw new RefusedError("over", entry.task);
      entry = { task: found.value.task, versionstamp: found.versionstamp };
      if (found.value.write === write) return entry;
    }
  }

  /** Writes the record and its keys; the new version, or `undefined` when a check failed. */
  async #write(
    check: Deno.AtomicCheck,
    before: Task | undefined,
    task: Task,
    write: string,
    extra: Extra = { checks: [], sets: [] },
  ): Promise<string | undefined> {
    const operation = this.kv.atomic().check(check, ...extra.checks);
    const value: StoredTask = { task, write };
    const life = task.expires === undefined
      ? {}
      : { expireIn: Math.max(1, task.expires - this.#clock.now()) };
    operation.set(check.key, value, life);
    moveIndex(operation, before, task, life);
    wakeWhoMustKnow(operation, before, task, write);
    for (const { key, value, expireIn } of extra.sets) {
      operation.set(key, value, expireIn === undefined ? {} : { expireIn });
    }
    const done = await operation.commit();
    return done.ok ? done.versionstamp : undefined;
  }

  /** Expiry is promised "not before" only, so what has expired may still be there. */
  #entry(entry: Deno.KvEntryMaybe<StoredTask>): TaskEntry | undefined {
    if (entry.versionstamp === null) return undefined;
    const { task } = entry.value;
    if (task.expires !== undefined && task.expires <= this.#clock.now()) return undefined;
    return { task, versionstamp: entry.versionstamp };
  }
}

function moveIndex(
  operation: Deno.AtomicOperation,
  before: Task | undefined,
  task: Task,
  life: { expireIn?: number },
): void {
  const old = new Map(
    (before === undefined ? [] : indexKeys(before)).map((key) => [JSON.stringify(key), key]),
  );
  for (const key of indexKeys(task)) {
    if (!old.delete(JSON.stringify(key))) operation.set(key, 0, life);
  }
  for (const key of old.values()) operation.delete(key);
}

function wakeWhoMustKnow(
  operation: Deno.AtomicOperation,
  before: Task | undefined,
  task: Task,
  write: string,
): void {
  const { state } = task;
  if (state.status === "queued") operation.set(keys.lane(task.owner.subject, task.kind), 0);
  if (state.status === "queued" || state.status === "scheduled") operation.set(keys.wake, write);
  if (state.status === "running" && state.cancelling && before?.state.status === "running") {
    if (!before.state.cancelling) operation.set(keys.inbox(state.lease.holder), write);
  }
}
