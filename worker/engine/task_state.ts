import type { Principal } from "@flotilla/auth/verify";
import type { FileEntry } from "./file_entry.ts";
import type { Recurrence } from "./recurrence.ts";

/** The right to run a task, as long as the lease of the worker lasts that claimed it. */
export interface Lease {
  /** The worker's lease. */
  readonly id: string;
  /** New with each claim: who shows another one has lost the task. */
  readonly token: string;
  /** The instance that runs the task. */
  readonly holder: string;
  /** The keys of the places it takes where only so many may run at once. */
  readonly permits?: readonly Deno.KvKey[];
}

/** Whom to tell when a task is over. */
export interface Notify {
  readonly url: string;
  /** Signs the message, as Standard Webhooks has it: `whsec_` and base64. */
  readonly secret?: string;
}

/** Why a run did not succeed, as its owner may read it. */
export interface TaskFailure {
  readonly name: string;
  readonly message: string;
}

/** What a run gave: the value itself, or the file in which it is kept when it is large. */
export type TaskResult =
  | { readonly kind: "inline"; readonly value: unknown }
  | { readonly kind: "stored"; readonly file: FileEntry };

/** Where a task stands. The last three are the end of it. */
export type TaskState =
  | { readonly status: "scheduled"; readonly due: number }
  | { readonly status: "queued"; readonly since: number }
  | {
    readonly status: "running";
    readonly lease: Lease;
    readonly started: number;
    readonly cancelling: boolean;
  }
  | { readonly status: "retrying"; readonly due: number; readonly error: TaskFailure }
  | {
    readonly status: "succeeded";
    readonly finished: number;
    readonly result: TaskResult;
    readonly files: readonly FileEntry[];
  }
  | { readonly status: "failed"; readonly finished: number; readonly error: TaskFailure }
  | { readonly status: "cancelled"; readonly finished: number };

/** The name of a state. */
export type TaskStatus = TaskState["status"];

/** Every status, in the order of a task's life. */
export const TASK_STATUSES = [
  "scheduled",
  "queued",
  "running",
  "retrying",
  "succeeded",
  "failed",
  "cancelled",
] as const satisfies readonly TaskStatus[];

/** How far a run has come, as it says itself. */
export interface Progress {
  /** From 0 to 1. */
  readonly fraction: number;
  readonly note?: string;
}

/** A task as it stands in the store. All times are in milliseconds since the epoch. */
export interface Task {
  readonly id: string;
  readonly kind: string;
  /** Who sent it, with the rights of that moment: it runs on their behalf after their token is gone. */
  readonly owner: Principal;
  readonly input: unknown;
  /** From -10 (last) to 10 (first) among the tasks of the same owner. */
  readonly priority: number;
  /** Comes again: the next one is made when this one falls due. */
  readonly repeat?: Recurrence;
  /** The schedule that it belongs to when it comes again: the id of the first task of the series. */
  readonly schedule?: string;
  readonly notify?: Notify;
  /** The `traceparent` of the request that sent it, when its trace is recorded: its runs are part of that trace. */
  readonly trace?: string;
  readonly created: number;
  readonly updated: number;
  /** Runs begun. */
  readonly attempt: number;
  /** Runs that failed. */
  readonly failures: number;
  /** Runs whose worker was lost. */
  readonly losses: number;
  readonly progress: Progress;
  readonly state: TaskState;
  /** When its record may be forgotten; only at its end. */
  readonly expires?: number;
}

/** What can happen to a task. */
export type TaskEvent =
  /** Its time has come to be queued. */
  | { readonly type: "due"; readonly now: number }
  /** The lease under which it runs is over: its worker was lost. */
  | {
    readonly type: "lost";
    readonly now: number;
    readonly lease: string;
    readonly maxLosses: number;
    readonly retention: number;
  }
  | { readonly type: "claim"; readonly now: number; readonly lease: Lease }
  /** The worker says how far it is. */
  | { readonly type: "progress"; readonly now: number; readonly token: string; readonly progress: Progress }
  | {
    readonly type: "succeed";
    readonly now: number;
    readonly token: string;
    readonly result: TaskResult;
    readonly files: readonly FileEntry[];
    readonly retention: number;
  }
  /** The run failed: to be tried again at `retryAt`, or never when that is missing. */
  | {
    readonly type: "fail";
    readonly now: number;
    readonly token: string;
    readonly progress?: Progress;
    readonly error: TaskFailure;
    readonly retryAt: number | undefined;
    readonly retention: number;
  }
  /** The worker gives it back unfinished, because it stops. */
  | { readonly type: "release"; readonly now: number; readonly token: string; readonly retention: number }
  /** Somebody wants it ended. */
  | { readonly type: "cancel"; readonly now: number; readonly retention: number }
  /** Somebody ends its schedule: it will not come, unless it has begun. */
  | { readonly type: "unschedule"; readonly now: number; readonly retention: number }
  /** The worker has ended it as wanted. */
  | { readonly type: "cancelled"; readonly now: number; readonly token: string; readonly retention: number }
  /** Somebody sends a task that failed or was cancelled again. */
  | { readonly type: "resend"; readonly now: number };

/** Why an event has no effect on a task. */
export interface Refusal {
  readonly refused:
    | "lease-lost"
    | "not-held"
    | "not-due"
    | "over"
    | "not-over"
    | "not-queued"
    | "not-scheduled";
}

/** Whether a task has ended, one way or the other. */
export function isOver(state: TaskState): boolean {
  return state.status === "succeeded" || state.status === "failed" || state.status === "cancelled";
}

/**
 * The only way a task moves: what it becomes by an event, or why the event has no effect. It is pure; times come with
 * the event.
 *
 *     scheduled ──due──▶ queued ──claim──▶ running ──succeed──▶ succeeded
 *                          ▲ ▲               │ │ └──cancelled─▶ cancelled ◀──cancel── scheduled (also by unschedule), queued, retrying
 *                          │ └─release, lost─┘ └─fail─▶ retrying, or failed
 *                          └──due── retrying, ──resend── failed, cancelled
 */
export function transition(task: Task, event: TaskEvent): Task | Refusal {
  switch (event.type) {
    case "due":
      return fallDue(task, event);
    case "lost":
      return lose(task, event);
    case "claim":
      return claim(task, event);
    case "cancel":
      return cancel(task, event);
    case "unschedule":
      return unschedule(task, event);
    case "resend":
      return resend(task, event);
    default:
      return finishRun(task, event);
  }
}

type EventOf<T extends TaskEvent["type"]> = Extract<TaskEvent, { type: T }>;

function fallDue(task: Task, { now }: EventOf<"due">): Task | Refusal {
  const { state } = task;
  if (state.status !== "scheduled" && state.status !== "retrying") return { refused: "not-due" };
  return state.due > now ? { refused: "not-due" } : moved(task, now, { status: "queued", since: state.due });
}

function lose(task: Task, { now, lease, maxLosses, retention }: EventOf<"lost">): Task | Refusal {
  const { state } = task;
  if (state.status !== "running" || state.lease.id !== lease) return { refused: "not-held" };
  const lost = { ...task, losses: task.losses + 1 };
  if (state.cancelling) return ended(lost, now, { status: "cancelled", finished: now }, retention);
  if (lost.losses < maxLosses) return moved(lost, now, { status: "queued", since: now });
  const error = { name: "WorkerLostError", message: `Its worker was lost ${lost.losses} times while it ran` };
  return ended(lost, now, { status: "failed", finished: now, error }, retention);
}

function claim(task: Task, { now, lease }: EventOf<"claim">): Task | Refusal {
  if (task.state.status !== "queued") return { refused: "not-queued" };
  const state = { status: "running", lease, started: now, cancelling: false } as const;
  return { ...task, attempt: task.attempt + 1, progress: { fraction: 0 }, updated: now, state };
}

function cancel(task: Task, { now, retention }: EventOf<"cancel">): Task | Refusal {
  const { state } = task;
  if (isOver(state)) return { refused: "over" };
  if (state.status === "running") return moved(task, now, { ...state, cancelling: true });
  return ended(task, now, { status: "cancelled", finished: now }, retention);
}

function unschedule(task: Task, { now, retention }: EventOf<"unschedule">): Task | Refusal {
  if (task.state.status !== "scheduled") return { refused: "not-scheduled" };
  return ended(task, now, { status: "cancelled", finished: now }, retention);
}

function resend(task: Task, { now }: EventOf<"resend">): Task | Refusal {
  const { status } = task.state;
  if (status !== "failed" && status !== "cancelled") return { refused: "not-over" };
  const { expires: _forgotten, ...kept } = task;
  const fresh = { ...kept, failures: 0, losses: 0, progress: { fraction: 0 } };
  return moved(fresh, now, { status: "queued", since: now });
}

/** What the worker that holds the lease does. Without that lease nothing of it has an effect. */
function finishRun(
  task: Task,
  event: EventOf<"progress" | "succeed" | "fail" | "release" | "cancelled">,
): Task | Refusal {
  const { state } = task;
  const { now } = event;
  if (state.status !== "running" || state.lease.token !== event.token) return { refused: "lease-lost" };
  switch (event.type) {
    case "progress":
      return moved({ ...task, progress: event.progress }, now, state);
    case "succeed": {
      const { result, files, retention } = event;
      const progress = { ...task.progress, fraction: 1 };
      const state = { status: "succeeded", finished: now, result, files } as const;
      return { ...task, progress, updated: now, state, expires: now + retention };
    }
    case "fail": {
      const { error, retryAt, retention, progress = task.progress } = event;
      const failed = { ...task, progress, failures: task.failures + 1 };
      if (retryAt !== undefined && !state.cancelling) {
        return moved(failed, now, { status: "retrying", due: retryAt, error });
      }
      return ended(failed, now, { status: "failed", finished: now, error }, retention);
    }
    case "release":
      if (state.cancelling) return ended(task, now, { status: "cancelled", finished: now }, event.retention);
      return moved(task, now, { status: "queued", since: state.started });
    case "cancelled":
      return ended(task, now, { status: "cancelled", finished: now }, event.retention);
  }
}

function moved(task: Task, now: number, state: TaskState): Task {
  return { ...task, updated: now, state };
}

function ended(task: Task, now: number, state: TaskState, retention: number): Task {
  return { ...task, updated: now, state, expires: now + retention };
}
