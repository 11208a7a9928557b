import { ProblemError } from "@flotilla/runtime";
import { claimedRef, type ClaimList } from "../engine/claim_list.ts";
import { keys, refOf, type TaskRef } from "../engine/keys.ts";
import type { TaskStore } from "../engine/task_store.ts";
import { type ListQuery, parseQuery, type TaskPage } from "./task_list.ts";
import { taskListView } from "./task_view.ts";

/** Tasks that one request may look at to find those that run: beyond that, some may be missing. */
const SCAN_LIMIT = 300;

/**
 * Tasks of all owners, for an administrator: those that failed (`?status=failed`, page by page) to look at and send again,
 * or those that run at the moment (`?status=running`, the oldest first, no more than `?limit`).
 *
 * @throws {ProblemError} 422 for a query that cannot be
 */
export async function listOfEverybody(store: TaskStore, query: URLSearchParams): Promise<TaskPage> {
  const parsed = parseQuery(query);
  switch (parsed.status) {
    case "failed":
      return await listFailed(store, parsed);
    case "running":
      return { tasks: await listRunning(store, parsed), next: null };
    default:
      throw new ProblemError(422, "owner=* goes with status=failed or status=running only");
  }
}

async function listFailed(store: TaskStore, { limit, cursor }: ListQuery): Promise<TaskPage> {
  const entries = store.kv.list({ prefix: keys.failed }, {
    limit: limit + 1,
    batchSize: limit + 1,
    ...(cursor === undefined ? {} : { cursor }),
  });
  const refs: TaskRef[] = [];
  let last = "";
  let next: string | null = null;
  for await (const { key } of entries) {
    if (refs.length === limit) {
      next = last;
      break;
    }
    refs.push(refOf(key));
    last = entries.cursor;
  }
  return { tasks: await viewsOf(store, refs), next };
}

/** A task stays in the list of its claim until the whole claim is over, so that the records have to tell. */
async function listRunning(store: TaskStore, { limit }: ListQuery): Promise<Record<string, unknown>[]> {
  const claims = store.kv.list<ClaimList>({ prefix: keys.everyHeld }, { limit: SCAN_LIMIT });
  const refs: TaskRef[] = [];
  for await (const { value } of claims) {
    refs.push(...value.tasks.map(claimedRef));
    if (refs.length >= SCAN_LIMIT) break;
  }
  refs.sort((a, b) => a.id < b.id ? -1 : 1);
  return (await viewsOf(store, refs, "running")).slice(0, limit);
}

async function viewsOf(
  store: TaskStore,
  refs: readonly TaskRef[],
  status?: "running",
): Promise<Record<string, unknown>[]> {
  const entries = await store.getMany(refs);
  return entries.flatMap((entry) =>
    entry === undefined || (status !== undefined && entry.task.state.status !== status)
      ? []
      : [{ ...taskListView(entry.task), owner: entry.task.owner.subject }]
  );
}
