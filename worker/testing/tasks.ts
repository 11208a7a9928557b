import type { Lease, Task } from "../engine/task_state.ts";
import { type NewTask, newTask } from "../engine/new_task.ts";
import type { TaskEntry, TaskStore } from "../engine/task_store.ts";
import { principal } from "./worker_lab.ts";

/** 2026-01-01T00:00:00Z, where a `ManualClock` begins. */
export const START = Date.UTC(2026, 0, 1);
/** How long tests keep what is over; milliseconds. */
export const RETENTION = 86_400_000;

/** What a test says of a task. */
export interface TestTask extends Partial<Omit<NewTask, "owner">> {
  owner?: string;
}

/** A queued task of the kind `test`, unless the test says otherwise. */
export function testTask(options: TestTask = {}): Task {
  const { owner = "alice", now = START, ...rest } = options;
  return newTask({
    id: crypto.randomUUID(),
    kind: "test",
    input: {},
    state: { status: "queued", since: now },
    ...rest,
    now,
    owner: principal(owner),
  });
}

/** Writes a task, and reads it back. */
export async function stored(store: TaskStore, options: TestTask = {}): Promise<TaskEntry> {
  const task = testTask(options);
  await store.create(task);
  return await read(store, task);
}

/** The task as it stands. */
export async function read(store: TaskStore, { id, owner }: Task): Promise<TaskEntry> {
  const entry = await store.get({ owner: owner.subject, id });
  if (entry === undefined) throw new Error(`There is no task ${id}`);
  return entry;
}

/** A claim under the lease of that name. */
export function lease(token: string, more: Partial<Lease> = {}): Lease {
  return { id: `lease of ${token}`, token, holder: `holder of ${token}`, ...more };
}
