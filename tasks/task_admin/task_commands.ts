import { type Clock, sleep, systemClock } from "@flotilla/runtime";
import { RefusedByApiError, type TaskApi, type TaskFilter } from "./task_api.ts";
import { renderChange, renderTask, renderTasks } from "./task_view.ts";

/** What can be done. */
export const COMMANDS = ["list", "show", "retry", "cancel", "tail"] as const;

/** One of {@linkcode COMMANDS}. */
export type CommandName = typeof COMMANDS[number];

/** How a command speaks, and what it asks for. */
export interface CommandOptions {
  /** Takes what is to be shown. */
  say: (text: string) => void;
  /** Takes what went wrong. */
  complain: (text: string) => void;
  /** JSON instead of text: an array of tasks, and one object a line when tailing. @default false */
  json?: boolean;
  /** Of {@linkcode COMMANDS} `list`: what is listed. @default everything */
  filter?: TaskFilter;
  /** Of `list`: how many at most. @default 20 */
  limit?: number;
  /** @default systemClock */
  clock?: Clock;
}

/** Milliseconds before a broken connection is made again. */
const AGAIN = 1_000;

/**
 * Runs a command on these tasks.
 *
 * @param api signs in and gives the API; it is called anew when a connection broke, as the token may have ended too
 * @returns whether all went well; for `tail`: whether every task has succeeded
 */
export async function runCommand(
  command: CommandName,
  ids: readonly string[],
  { api, ...options }: CommandOptions & { api: () => Promise<TaskApi> },
): Promise<boolean> {
  const signedIn = await api();
  if (command === "list") return await list(signedIn, options);
  if (command === "tail") return await eachOf(ids, (id) => tail(api, id, options), options);
  return await eachOf(ids, (id) => look(command, { api: signedIn, id }, options), options);
}

async function list(api: TaskApi, options: CommandOptions): Promise<boolean> {
  const { say, json = false, filter = {}, limit = 20 } = options;
  const tasks = await api.list(filter, limit);
  say(json ? JSON.stringify(tasks, null, 2) : renderTasks(tasks));
  return true;
}

async function look(
  command: "show" | "retry" | "cancel",
  { api, id }: { api: TaskApi; id: string },
  { say, json = false }: CommandOptions,
): Promise<boolean> {
  const task = await api[command](id);
  if (json) say(JSON.stringify(task, null, 2));
  else say(command === "show" ? renderTask(task, await api.log(id)) : renderTasks([task]));
  return true;
}

/** Says each change until the task is over, over as many connections as it takes. */
async function tail(api: () => Promise<TaskApi>, id: string, options: CommandOptions): Promise<boolean> {
  const { say, json = false, clock = systemClock } = options;
  let last: string | undefined;
  for (;;) {
    try {
      for await (const change of (await api()).follow(id, last)) {
        last = change.id;
        say(json ? JSON.stringify(change.task) : renderChange(change));
        const { status } = change.task;
        if (["succeeded", "failed", "cancelled"].includes(status)) return status === "succeeded";
      }
    } catch (error) {
      if (last === undefined || error instanceof RefusedByApiError) throw error;
      // It was followed already, so this is a connection that broke.
    }
    await sleep(AGAIN, { clock });
  }
}

/** One task after the other; a refusal is told, and the others have their turn. */
async function eachOf(
  ids: readonly string[],
  act: (id: string) => Promise<boolean>,
  { complain }: CommandOptions,
): Promise<boolean> {
  let well = true;
  for (const id of ids) {
    try {
      well = await act(id) && well;
    } catch (error) {
      if (!(error instanceof RefusedByApiError)) throw error;
      complain(`${id}: ${error.message}`);
      well = false;
    }
  }
  return well;
}
