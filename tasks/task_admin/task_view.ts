import { bold, cyan, dim, green, red, yellow } from "@std/fmt/colors";
import { renderTable } from "../table.ts";
import type { ApiLogLine, ApiTask, TaskChange } from "./task_api.ts";

const COLOURS: Readonly<Record<string, (text: string) => string>> = {
  running: cyan,
  retrying: yellow,
  succeeded: green,
  failed: red,
};

/** Tasks in columns, each with what it last told. */
export function renderTasks(tasks: readonly ApiTask[]): string {
  if (tasks.length === 0) return "There are none.";
  const owned = tasks.some(({ owner }) => owner !== undefined);
  const rows = tasks.map((task) => [
    task.id,
    ...(owned ? [task.owner ?? ""] : []),
    task.task,
    task.status,
    percent(task),
    `${task.attempt}`,
    task.updated,
    toldBy(task),
  ]);
  const headings = ["id", ...(owned ? ["owner"] : []), "task", "status", "done", "run", "updated", "told"];
  return renderTable(headings, rows);
}

/** All that is known of one task, and the lines that its runs have logged. */
export function renderTask(task: ApiTask, log: readonly ApiLogLine[]): string {
  const width = Math.max(...Object.keys(task).map((name) => name.length));
  const members = Object.entries(task).map(([name, value]) =>
    `${bold(name.padEnd(width))}  ${typeof value === "string" ? value : JSON.stringify(value)}`
  );
  const lines = log.map(({ time, attempt, line }) => `${dim(`${time} run ${attempt}`)}  ${line}`);
  return [...members, ...(lines.length === 0 ? [] : ["", ...lines])].join("\n");
}

/** One change of a task as a line. */
export function renderChange({ task }: TaskChange): string {
  const { status, updated, attempt } = task;
  const coloured = (COLOURS[status] ?? String)(status.padEnd(9));
  return `${dim(updated)}  ${coloured}  ${percent(task).padStart(4)}  run ${attempt}  ${toldBy(task)}`
    .trimEnd();
}

function percent({ progress }: ApiTask): string {
  return `${Math.floor(progress * 100)}%`;
}

function toldBy({ error, note }: ApiTask): string {
  return error === undefined ? note ?? "" : `${error.name}: ${error.message}`;
}
