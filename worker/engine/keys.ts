import type { Task, TaskStatus } from "./task_state.ts";

/** Which task is meant. */
export interface TaskRef {
  readonly owner: string;
  readonly id: string;
}

/**
 * A step of priority counts as so much waiting, in milliseconds. A task's place in its lane is fixed when it is queued,
 * and tasks that come later are ahead of it only while its waiting is worth less than their priority: none starves.
 */
export const PRIORITY_STEP = 30_000;

/**
 * Where things stand in the store:
 *
 * - `task`: the record of a task, under its owner, so that a list of one's own tasks is one range of keys;
 * - `ready`: the tasks that may be claimed, by owner and kind (a lane), in order;
 * - `lane`: the lanes that may have such tasks;
 * - `agenda`: when something must happen if nobody does anything before: a task is due, or the lease of a worker ends;
 * - `held`: the tasks that were claimed under a lease, those of one claim together (`claim_list.ts`);
 * - `failed`: the tasks that failed;
 * - `schedule`: the task that comes next of each that comes again;
 * - `permit`: the places taken where only so many tasks of a kind, or of an owner, may run at once;
 * - `count`: how many tasks have each status, and how many have ended in each way;
 * - `wake`: changes whenever there may be something to do;
 * - `inbox`: changes when a worker must look at the tasks it runs;
 * - `idempotency`: the answers that repeated requests get again;
 * - `upload`: the files that users send for their tasks;
 * - `part`, `log`: the content of files, and what runs log.
 */
export const keys = {
  task: ({ owner, id }: TaskRef): Deno.KvKey => ["task", owner, id],
  tasksOf: (owner: string): Deno.KvKey => ["task", owner],
  ready: (owner: string, kind: string): Deno.KvKey => ["ready", owner, kind],
  lane: (owner: string, kind: string): Deno.KvKey => ["lane", owner, kind],
  lanes: ["lane"],
  agenda: ["agenda"],
  lease: (expires: number, id: string): Deno.KvKey => ["agenda", expires, id],
  held: (lease: string): Deno.KvKey => ["held", lease],
  everyHeld: ["held"],
  failed: ["failed"],
  schedule: (owner: string, id: string): Deno.KvKey => ["schedule", owner, id],
  schedulesOf: (owner: string): Deno.KvKey => ["schedule", owner],
  wake: ["wake"],
  permits: (scope: "kind" | "owner", name: string): Deno.KvKey => ["permit", scope, name],
  count: (status: TaskStatus): Deno.KvKey => ["count", status],
  inbox: (holder: string): Deno.KvKey => ["inbox", holder],
  idempotency: (owner: string, key: string): Deno.KvKey => ["idempotency", owner, key],
  part: (id: string, token: string, name: string): Deno.KvKey => ["part", id, token, name],
  upload: ({ owner, id }: TaskRef): Deno.KvKey => ["upload", owner, id],
  log: (id: string): Deno.KvKey => ["log", id],
} satisfies Record<string, Deno.KvKey | ((...parts: never[]) => Deno.KvKey)>;

/** The task of a key that ends with owner and id, as those of `agenda` and `failed` do. */
export function refOf(key: Deno.KvKey): TaskRef {
  const [owner, id] = key.slice(-2);
  if (typeof owner === "string" && typeof id === "string") return { owner, id };
  throw new TypeError(
    `Cannot read a task's key: must end with owner and id, got ${JSON.stringify(key.length)} parts`,
  );
}

/**
 * The keys by which a task is found in its present state. Each change of a task deletes those of its old state and sets
 * those of its new one in the same atomic write as the record, so that they never disagree.
 */
export function indexKeys(task: Task): Deno.KvKey[] {
  const { id, kind, state, owner: { subject } } = task;
  switch (state.status) {
    case "queued":
      return [[...keys.ready(subject, kind), state.since - task.priority * PRIORITY_STEP, id]];
    case "scheduled":
      return [
        [...keys.agenda, state.due, subject, id],
        ...(task.schedule === undefined ? [] : [[...keys.schedule(subject, task.schedule), id]]),
      ];
    case "retrying":
      return [[...keys.agenda, state.due, subject, id]];
    case "running":
      return [...state.lease.permits ?? []];
    case "failed":
      return [[...keys.failed, subject, id]];
    case "succeeded":
    case "cancelled":
      return [];
  }
}
