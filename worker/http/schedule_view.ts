import { extractTimestamp } from "@std/uuid/v7";
import type { Task } from "../engine/task_state.ts";
import { taskUrl, taskView } from "./task_view.ts";

/** Where a schedule is found. */
export function scheduleUrl(id: string): string {
  return `${taskUrl("schedules")}/${id}`;
}

/** A schedule as its owner sees it: what comes, how often, and when and as which task next. */
export function scheduleView(next: Task): Record<string, unknown> {
  const { task, repeat, priority, notify, input, run_at } = taskView(next);
  const { id, schedule = id } = next;
  return {
    id: schedule,
    task,
    repeat,
    priority,
    notify,
    input,
    created: new Date(extractTimestamp(schedule)).toISOString(),
    url: scheduleUrl(schedule),
    next: { id, url: taskUrl(id), run_at },
  };
}
