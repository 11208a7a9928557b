import { ProblemError } from "@flotilla/runtime";
import { z } from "zod";
import { TASK_STATUSES } from "../engine/task_state.ts";
import type { TaskStore } from "../engine/task_store.ts";
import { taskListView } from "./task_view.ts";

/** Records that one request may look at when it filters: a page may hold fewer tasks than asked for, and a cursor. */
const SCAN_LIMIT = 1_000;

const querySchema = z.object({
  status: z.enum(TASK_STATUSES).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z.string().regex(/^[\w-]{1,64}$/, "is not a cursor of this list").optional(),
});

/** A page of a list of tasks. */
export interface TaskPage {
  readonly tasks: Record<string, unknown>[];
  /** Where the next page begins, or `null` at the end. */
  readonly next: string | null;
}

/**
 * An owner's tasks, newest first: `?status`, `?limit` (1 to 100, 20 when not given), `?cursor`.
 *
 * @throws {ProblemError} 422 for a query that cannot be
 */
export async function listTasks(store: TaskStore, owner: string, query: URLSearchParams): Promise<TaskPage> {
  const parsed = querySchema.safeParse(Object.fromEntries(query));
  if (!parsed.success) {
    const errors = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
    throw new ProblemError(422, errors.join("; "));
  }
  const { status, limit, cursor } = parsed.data;
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
    if (status === undefined || task.state.status === status) tasks.push(taskListView(task));
  }
  return { tasks, next: null };
}
