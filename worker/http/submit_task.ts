import type { Principal } from "@flotilla/auth/verify";
import { ProblemError, sampledTraceparent } from "@flotilla/runtime";
import { generate } from "@std/uuid/v7";
import {
  fingerprint,
  IDEMPOTENCY_LIFE,
  type IdempotencyRecord,
  type IdempotencyState,
  lookUpIdempotency,
} from "./idempotency.ts";
import type { TaskRequest } from "./task_request.ts";
import { newTask } from "../engine/new_task.ts";
import { readSchedules, SCHEDULE_LIMIT } from "../engine/schedules.ts";
import type { Task } from "../engine/task_state.ts";
import type { Extra, TaskStore } from "../engine/task_store.ts";

/** How many times a request looks again that came at the same time as one with the same key. */
const TRIES = 3;

/** Who sends a task, and when. */
export interface SubmitOptions {
  owner: Principal;
  /** Milliseconds since the epoch. */
  now: number;
  /** The caller's `Idempotency-Key`. */
  idempotencyKey: string | undefined;
}

/**
 * Writes a new task to the store, together with the record of its idempotency key, and gives its id; for a repeated
 * request the id it was given before.
 *
 * @throws {ProblemError} 422 when the key was used with another body; 409 when the owner has too many schedules
 */
export async function submitTask(
  store: TaskStore,
  request: TaskRequest,
  options: SubmitOptions,
): Promise<string> {
  const { owner, now, idempotencyKey: key } = options;
  const task = taskOf(request, owner, now);
  if (key === undefined) {
    if (await create(store, task)) return task.id;
    throw new ProblemError(503, "The task could not be stored", { headers: { "retry-after": "1" } });
  }
  const mark = { owner: owner.subject, key, fingerprint: await fingerprint(request.body), now };
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const state = await lookUpIdempotency(store.kv, mark);
    if (state.kind === "repeated") return state.id;
    if (await create(store, task, idempotencyExtra(state, { id: task.id, ...mark }))) return task.id;
  }
  throw new ProblemError(409, "A request with this Idempotency-Key is still in flight", {
    headers: { "retry-after": "1" },
  });
}

async function create(store: TaskStore, task: Task, extra?: Extra): Promise<boolean> {
  if (task.repeat !== undefined) {
    const { length } = await readSchedules(store, task.owner.subject);
    if (length >= SCHEDULE_LIMIT) {
      throw new ProblemError(409, `There may be ${SCHEDULE_LIMIT} schedules at a time: end one first`);
    }
  }
  return await store.create(task, extra);
}

function taskOf(request: TaskRequest, owner: Principal, now: number): Task {
  const { definition, input, priority, due, repeat, notify } = request;
  return newTask({
    id: generate(now),
    kind: definition.name,
    owner,
    input,
    priority,
    ...(repeat === undefined ? {} : { repeat }),
    ...(notify === undefined ? {} : { notify }),
    trace: sampledTraceparent(),
    now,
    state: due === undefined ? { status: "queued", since: now } : { status: "scheduled", due },
  });
}

function idempotencyExtra(
  { check }: Extract<IdempotencyState, { kind: "first" }>,
  made: { id: string; fingerprint: string; now: number },
): Extra {
  const { id, fingerprint, now } = made;
  const value: IdempotencyRecord = { id, fingerprint, expires: now + IDEMPOTENCY_LIFE };
  return { checks: [check], sets: [{ key: check.key, value, expireIn: IDEMPOTENCY_LIFE }] };
}
