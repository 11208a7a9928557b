import { generate } from "@std/uuid/v7";
import { newTask } from "./new_task.ts";
import { nextTime } from "./recurrence.ts";
import { isOver, type Task } from "./task_state.ts";

/** The kind of task that tells of another one's end. */
export const NOTIFY_KIND = "http";

/**
 * The tasks that a change of a task brings about. They are written in the same step as the change, so each is made once,
 * whoever makes the change and however often it is tried.
 *
 * - A recurring task that falls due leaves the next one of its kind behind. That one is not of the trace of the request
 *   that sent the first: a trace is to end.
 * - A task that ends, and has an address to tell, leaves a task behind that tells it.
 */
export function followUps(before: Task | undefined, after: Task): Task[] {
  if (before === undefined) return [];
  return [...recurring(before, after), ...notifying(before, after)];
}

function recurring(before: Task, after: Task): Task[] {
  if (before.state.status !== "scheduled" || after.state.status !== "queued") return [];
  if (before.repeat === undefined) return [];
  const now = after.updated;
  const due = nextTime(before.repeat, before.state.due, now);
  if (due === undefined) return [];
  return [
    newTask({ ...before, trace: undefined, id: generate(now), now, state: { status: "scheduled", due } }),
  ];
}

function notifying(before: Task, after: Task): Task[] {
  const { notify, state } = after;
  if (notify === undefined || isOver(before.state) || !isOver(state)) return [];
  const now = after.updated;
  const { id, kind, owner, trace, attempt, created } = after;
  const data = {
    id,
    task: kind,
    status: state.status,
    attempt,
    url: `/longtask/${id}`,
    created: new Date(created).toISOString(),
    finished: new Date(now).toISOString(),
    ...(state.status === "failed" ? { error: state.error } : {}),
  };
  const body = { type: `task.${state.status}`, timestamp: new Date(now).toISOString(), data };
  const input = { url: notify.url, body, ...(notify.secret === undefined ? {} : { secret: notify.secret }) };
  return [
    newTask({
      id: generate(now),
      kind: NOTIFY_KIND,
      owner,
      input,
      trace,
      now,
      state: { status: "queued", since: now },
    }),
  ];
}
