import { ASSERTION_HEADER, createAssertionSigner, type Principal, RIGHTS } from "@flotilla/auth/verify";
import { eventually } from "@flotilla/runtime/testing";
import type { TaskDefinition } from "../engine/define_task.ts";
import { createWorker, type Worker, type WorkerOptions } from "../worker.ts";

/** The key of the roles in tests. */
export const TEST_KEY = "an internal key of 32 characters";

/** A signed-in user for tests. */
export function principal(subject: string, more: Partial<Principal> = {}): Principal {
  const rights = RIGHTS[more.role ?? "user"];
  const expires = 4_000_000_000;
  return { subject, role: "user", rights, session: "s-1", tokenId: `t-${subject}`, expires, ...more };
}

/** A task as the API shows it, for assertions. */
export interface SeenTask {
  readonly id: string;
  readonly status: string;
  readonly attempt: number;
  readonly progress: number;
  readonly [name: string]: unknown;
}

/** One store, and workers on it that are called in memory. */
export class WorkerLab implements AsyncDisposable {
  readonly kv: Deno.Kv;
  readonly #workers: Worker[] = [];
  readonly #signer = createAssertionSigner({ key: TEST_KEY, issuer: "lab" });

  private constructor(kv: Deno.Kv) {
    this.kv = kv;
  }

  static async open(): Promise<WorkerLab> {
    return new WorkerLab(await Deno.openKv(":memory:"));
  }

  /** Adds a worker; it is stopped with the lab. */
  worker(kinds: readonly TaskDefinition[], options: Partial<WorkerOptions> = {}): Worker {
    const worker = createWorker({
      store: this.kv,
      internalKey: TEST_KEY,
      instance: `worker_${this.#workers.length + 1}`,
      kinds,
      grace: 0,
      service: {
        origin: "http://service",
        fetch: () => Promise.resolve(Response.json({ data: [], next: null })),
      },
      ...options,
    });
    this.#workers.push(worker);
    return worker;
  }

  /** Calls a worker as a user would through the gateway. */
  async call(worker: Worker, path: string, init: RequestInit & { as?: Principal } = {}): Promise<Response> {
    const { as = principal("alice"), ...rest } = init;
    const headers = new Headers(rest.headers);
    headers.set(ASSERTION_HEADER, await this.#signer.sign({ kind: "user", principal: as }));
    if (rest.body !== undefined && !headers.has("content-type")) {
      headers.set("content-type", "application/json");
    }
    return await worker.fetch(new Request(`http://worker${path}`, { ...rest, headers }));
  }

  /** Sends a task, and gives its id. */
  async send(worker: Worker, body: unknown, init: RequestInit & { as?: Principal } = {}): Promise<string> {
    const response = await this.call(worker, "/longtask", {
      ...init,
      method: "POST",
      body: JSON.stringify(body),
    });
    const answer: { id: string } = await response.json();
    if (response.status !== 202) throw new Error(`The task was not taken: ${JSON.stringify(answer)}`);
    return answer.id;
  }

  async see(worker: Worker, id: string, init: { as?: Principal } = {}): Promise<SeenTask> {
    const response = await this.call(worker, `/longtask/${id}`, init);
    return await response.json();
  }

  /** Waits until the task has one of the statuses. */
  async until(worker: Worker, id: string, statuses: readonly string[]): Promise<SeenTask> {
    return await this.untilSeen(worker, id, { statuses });
  }

  /** Waits until the task has one of the statuses, as somebody else than `alice` sees it. */
  async untilSeen(
    worker: Worker,
    id: string,
    options: { statuses: readonly string[]; as?: Principal },
  ): Promise<SeenTask> {
    const { statuses, ...init } = options;
    return await eventually(async () => {
      const task = await this.see(worker, id, init);
      return statuses.includes(task.status) && task;
    }, { what: `task ${id} to be ${statuses.join(" or ")}` });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop()));
    this.kv.close();
  }
}
