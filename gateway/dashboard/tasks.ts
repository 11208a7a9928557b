import { z } from "zod";
import { type CallInner, contentOf, requireSuccess } from "./inner_calls.ts";
import type { Principal } from "@flotilla/auth/verify";

const taskSchema = z.object({
  id: z.string(),
  task: z.string(),
  status: z.string(),
  progress: z.number(),
  attempt: z.int(),
  updated: z.string(),
  note: z.string().optional(),
  owner: z.string().optional(),
  worker: z.string().optional(),
  error: z.object({ message: z.string() }).optional(),
});
const pageSchema = z.object({ tasks: z.array(taskSchema) });

/** A task as a list of them shows it. */
export type ListedTask = z.infer<typeof taskSchema>;

/** The tasks that the page shows. */
export interface TaskLists {
  /** Of the administrator who looks, newest first. */
  readonly own: readonly ListedTask[];
  /** Of everybody: those that run now, the oldest first. */
  readonly running: readonly ListedTask[];
  /** Of everybody: those that failed for good. */
  readonly failed: readonly ListedTask[];
}

/** Somebody who looks at tasks. */
export interface TaskReader {
  readonly principal: Principal;
  readonly requestId: string;
}

/** Reads and moves tasks on behalf of an administrator, over the workers' own routes. */
export interface Tasks {
  /** @throws {ProblemError} when no worker answers */
  list(reader: TaskReader): Promise<TaskLists>;
  /** Sends a failed task again. @throws {ProblemError} 409 when it did not fail */
  retry(reader: TaskReader, task: { id: string; owner: string }): Promise<void>;
  /** Queues a report. */
  report(reader: TaskReader): Promise<void>;
  /** How many tasks were sent or sent again here so far. */
  readonly moves: number;
}

const SHOWN = 8;

/** Makes the way to the tasks. */
export function createTasks(worker: CallInner): Tasks {
  async function call(
    { principal, requestId }: TaskReader,
    method: "GET" | "POST",
    more: { target: string; json?: unknown },
  ): Promise<Response> {
    return await worker({ method, ...more, caller: { kind: "user", principal }, requestId });
  }

  async function list(reader: TaskReader, query: string): Promise<ListedTask[]> {
    const response = await call(reader, "GET", { target: `/longtask?limit=${SHOWN}${query}` });
    return (await contentOf(response, pageSchema)).tasks;
  }

  let moves = 0;
  // Whoever looks at the same moment sees the same of everybody: one asks for all.
  let everybody: Promise<Omit<TaskLists, "own">> | undefined;

  async function listEverybodys(reader: TaskReader): Promise<Omit<TaskLists, "own">> {
    const [running, failed] = await Promise.all([
      list(reader, "&owner=*&status=running"),
      list(reader, "&owner=*&status=failed"),
    ]);
    return { running, failed };
  }

  return {
    async list(reader) {
      everybody ??= listEverybodys(reader).finally(() => everybody = undefined);
      const [own, others] = await Promise.all([list(reader, ""), everybody]);
      return { own, ...others };
    },
    async retry(reader, { id, owner }) {
      const target = `/longtask/${encodeURIComponent(id)}/retry?owner=${encodeURIComponent(owner)}`;
      await requireSuccess(await call(reader, "POST", { target }));
      moves++;
    },
    async report(reader) {
      await requireSuccess(await call(reader, "POST", { target: "/longtask", json: { task: "report" } }));
      moves++;
    },
    get moves() {
      return moves;
    },
  };
}
