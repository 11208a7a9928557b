import type { Recurrence } from "./recurrence.ts";
import type { Notify, Task, TaskState } from "./task_state.ts";

/** What a new task is made from. */
export interface NewTask extends Pick<Task, "id" | "kind" | "owner" | "input"> {
  /** @default 0 */
  priority?: number;
  /** @default it comes once */
  repeat?: Recurrence;
  /** @default its own id when it comes again */
  schedule?: string;
  /** @default nobody is told */
  notify?: Notify;
  /** @default its runs are part of no trace */
  trace?: string | undefined;
  /** Milliseconds since the epoch. */
  now: number;
  state: Extract<TaskState, { status: "queued" | "scheduled" }>;
}

/** A task that nobody has begun. */
export function newTask(options: NewTask): Task {
  const { id, kind, owner, input, priority = 0, repeat, schedule = id, notify, trace, now, state } = options;
  return {
    id,
    kind,
    owner,
    input,
    priority,
    ...(repeat === undefined ? {} : { repeat, schedule }),
    ...(notify === undefined ? {} : { notify }),
    ...(trace === undefined ? {} : { trace }),
    created: now,
    updated: now,
    attempt: 0,
    failures: 0,
    losses: 0,
    progress: { fraction: 0 },
    state,
  };
}
