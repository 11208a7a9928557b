import { EventSourceParserStream } from "eventsource-parser/stream";
import { z } from "zod";
import type { ApiSession } from "../load/api_client.ts";

/** A task as the API shows it. */
export type ApiTask = z.infer<typeof taskSchema>;

/** A line that a run has logged. */
export type ApiLogLine = z.infer<typeof logSchema>["lines"][number];

/** What a list of tasks is narrowed down to, by name as in the query of `GET /longtask`. */
export interface TaskFilter {
  status?: string | undefined;
  task?: string | undefined;
  schedule?: string | undefined;
  owner?: string | undefined;
}

/** A change of a task, as it comes. */
export interface TaskChange {
  readonly id: string | undefined;
  readonly task: ApiTask;
}

/** The system refused what was asked of it. */
export class RefusedByApiError extends Error {
  override readonly name = "RefusedByApiError";
}

const taskSchema = z.looseObject({
  id: z.string(),
  task: z.string(),
  status: z.string(),
  progress: z.number(),
  attempt: z.int(),
  created: z.string(),
  updated: z.string(),
  note: z.string().optional(),
  owner: z.string().optional(),
  error: z.looseObject({ name: z.string(), message: z.string() }).optional(),
});
const pageSchema = z.object({ tasks: z.array(taskSchema), next: z.string().nullable() });
const logSchema = z.object({
  lines: z.array(z.object({ time: z.string(), attempt: z.int(), line: z.string() })),
});
type TaskPage = z.infer<typeof pageSchema>;
const problemSchema = z.looseObject({ detail: z.string() });
/** Tasks asked for in one request. */
const PAGE = 100;

/** `/longtask` of the public API, as a signed-in user. */
export class TaskApi {
  readonly #client: Pick<ApiSession, "request">;
  readonly #owner: string | undefined;

  /** @param options.owner whose tasks, for administrators; default the caller's own */
  constructor(client: Pick<ApiSession, "request">, options: { owner?: string | undefined } = {}) {
    this.#client = client;
    this.#owner = options.owner;
  }

  /** The newest tasks that the filter takes, at most `limit`. @throws {RefusedByApiError} */
  async list(filter: TaskFilter, limit: number): Promise<ApiTask[]> {
    const tasks: ApiTask[] = [];
    let cursor: string | null = "";
    while (cursor !== null && tasks.length < limit) {
      const query = queryOf({ ...filter, owner: this.#owner, limit: `${PAGE}`, cursor: cursor || null });
      const page: TaskPage = pageSchema.parse(await this.#json(`/longtask${query}`));
      tasks.push(...page.tasks);
      cursor = page.next;
    }
    return tasks.slice(0, limit);
  }

  /** @throws {RefusedByApiError} when there is no such task */
  async show(id: string): Promise<ApiTask> {
    return taskSchema.parse(await this.#json(this.#path(id)));
  }

  /** What the task's runs have logged. @throws {RefusedByApiError} */
  async log(id: string): Promise<readonly ApiLogLine[]> {
    return logSchema.parse(await this.#json(this.#path(id, "/log"))).lines;
  }

  /** Sends a failed or cancelled task again. @throws {RefusedByApiError} when it is neither */
  async retry(id: string): Promise<ApiTask> {
    return taskSchema.parse(await this.#json(this.#path(id, "/retry"), { method: "POST" }));
  }

  /** Cancels a task, and gives how it stands then. @throws {RefusedByApiError} when it is over */
  async cancel(id: string): Promise<ApiTask> {
    const response = await this.#ask(this.#path(id), { method: "DELETE" });
    await response.body?.cancel();
    return await this.show(id);
  }

  /** The task as it changes, until it is over or the connection ends. @throws {RefusedByApiError} */
  async *follow(id: string, lastEventId?: string): AsyncGenerator<TaskChange> {
    const headers: HeadersInit = lastEventId === undefined ? {} : { "last-event-id": lastEventId };
    const { body } = await this.#ask(this.#path(id, "/events"), { headers });
    const events = body?.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
    for await (const event of events ?? []) {
      yield { id: event.id, task: taskSchema.parse(JSON.parse(event.data)) };
    }
  }

  #path(id: string, below = ""): string {
    return `/longtask/${encodeURIComponent(id)}${below}${queryOf({ owner: this.#owner })}`;
  }

  async #json(path: string, init: RequestInit = {}): Promise<unknown> {
    return await (await this.#ask(path, init)).json();
  }

  async #ask(path: string, init: RequestInit): Promise<Response> {
    const response = await this.#client.request(path, init);
    if (response.ok) return response;
    const text = await response.text();
    throw new RefusedByApiError(`${response.status}: ${detailOf(text)}`);
  }
}

function detailOf(text: string): string {
  try {
    return problemSchema.parse(JSON.parse(text)).detail;
  } catch {
    return text.slice(0, 200);
  }
}

function queryOf(members: Readonly<Record<string, string | null | undefined>>): string {
  const given = Object.entries(members).filter((pair): pair is [string, string] =>
    typeof pair[1] === "string"
  );
  return given.length === 0 ? "" : `?${new URLSearchParams(given)}`;
}
