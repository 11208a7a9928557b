import type { FileEntry } from "../engine/file_entry.ts";
import { isOver, type Task } from "../engine/task_state.ts";

/** The longest time after which a client is told to ask again; seconds. */
const LONGEST_WAIT = 60;

/** The address of a task on every role. */
export function taskUrl(id: string): string {
  return `/longtask/${id}`;
}

/** A task as its owner sees it, without a result that is kept as a file. */
export function taskView(task: Task): Record<string, unknown> {
  const { id, kind, state, progress, attempt, priority, repeat, schedule, notify } = task;
  const { created, updated, input, expires } = task;
  return {
    id,
    task: kind,
    status: state.status,
    progress: progress.fraction,
    note: progress.note,
    attempt,
    created: time(created),
    updated: time(updated),
    priority,
    url: taskUrl(id),
    repeat,
    schedule,
    notify: notify === undefined ? undefined : { url: notify.url },
    input: withoutSecret(input),
    expires: expires === undefined ? undefined : time(expires),
    ...stateView(task),
  };
}

function stateView({ id, state }: Task): Record<string, unknown> {
  switch (state.status) {
    case "scheduled":
      return { run_at: time(state.due) };
    case "retrying":
      return { run_at: time(state.due), error: state.error };
    case "running":
      return { worker: state.lease.holder, ...(state.cancelling ? { cancelling: true } : {}) };
    case "succeeded":
      return {
        ...(state.files.length > 0 ? { files: state.files.map((file) => fileView(id, file)) } : {}),
        ...(state.result.kind === "inline" ? { result: state.result.value } : {}),
      };
    case "failed":
      return { error: state.error };
    default:
      return {};
  }
}

/** A secret is taken and never shown again. */
function withoutSecret(input: unknown): unknown {
  if (typeof input !== "object" || input === null || !("secret" in input)) return input;
  const { secret: _hidden, ...shown } = input;
  return shown;
}

/** A task in a list: its result is asked for by itself. */
export function taskListView(task: Task): Record<string, unknown> {
  const { result: _result, input: _input, ...view } = taskView(task);
  return view;
}

function fileView(id: string, { name, type, size, digest }: FileEntry): Record<string, unknown> {
  return { name, type, size, sha256: digest, url: `${taskUrl(id)}/files/${encodeURIComponent(name)}` };
}

/** Seconds after which it is worth asking again, or `undefined` when the task is over. */
export function retryAfter({ state }: Task, now: number): number | undefined {
  if (isOver(state)) return undefined;
  if (state.status !== "scheduled" && state.status !== "retrying") return 1;
  return Math.min(LONGEST_WAIT, Math.max(1, Math.ceil((state.due - now) / 1_000)));
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}
