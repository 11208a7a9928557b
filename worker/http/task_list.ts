import { z } from "zod";
import { type Task, TASK_STATUSES } from "../engine/task_state.ts";
import type { TaskStore } from "../engine/task_store.ts";
import { taskListView } from "./task_view.ts";
import { misfitsOf, unfitContent } from "./unfit_content.ts";

/** Records that one request may look at when it filters: a page may hold fewer tasks than asked for, and a cursor. */
const SCAN_LIMIT = 1_000;

const querySchema = z.object({
  status: z.enum(TASK_STATUSES).optional(),
  task: z.string().max(64).optional(),
  schedule: z.string().max(128).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z.string().regex(/^[\w=+/-]{1,512}$/, "is not a cursor of this list").optional(),
});

/** What a list is asked for. */
export type ListQuery = z.infer<typeof querySchema>;

/** A page of a list of tasks. */
export interface TaskPage {
  readonly tasks: Record<string, unknown>[];
  /** Where the next page begins, or `null` at the end. */
  readonly next: string | null;
}

/**
 * An owner's tasks, newest first: `?status`, `?task` (the kind), `?schedule`, `?limit` (1 to 100, 20 when not given),
 * `?cursor`.
 *
 * @throws {ProblemError} 422 for a query that cannot be
 */
export async function listTasks(store: TaskStore, owner: string, query: URLSearchParams): Promise<TaskPage> {
  const { limit, cursor, ...wanted } = parseQuery(query);
  const tasks: Record<string, unknown>[] = [];
  let last: string | undefined;
  let looked = 0;
  const batchSize = Math.min(100, limit + 1);
  for await (
    const { task } of store.list(owner, { batchSize, ...(cursor === undefined ? {} : { before: cursor }) })
  ) {
    if (tasks.length === limit || looked === SCAN_LIMIT) return { tasks, next: last ?? null };
    looked++;
    last = task.id;
    if (isWanted(task, wanted)) tasks.push(taskListView(task));
  }
  return { tasks, next: null };
}

function isWanted(
  { kind, state, schedule }: Task,
  wanted: Pick<ListQuery, "status" | "task" | "schedule">,
): boolean {
  return (wanted.status ?? state.status) === state.status && (wanted.task ?? kind) === kind &&
    (wanted.schedule ?? schedule) === schedule;
}

/**
 * What a list is asked for.
 *
 * @throws {ProblemError} 422 for a query that cannot be
 */
export function parseQuery(query: URLSearchParams): ListQuery {
  const parsed = querySchema.safeParse(Object.fromEntries(query));
  if (parsed.success) return parsed.data;
  throw unfitContent(misfitsOf(parsed.error), "The query does not fit");
}
