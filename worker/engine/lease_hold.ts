import type { Clock } from "@flotilla/runtime";
import { LeaseLostError } from "./run_errors.ts";
import { isOver, type Progress, type Task, type TaskEvent } from "./task_state.ts";
import { RefusedError, type TaskEntry, type TaskStore } from "./task_store.ts";

/** What a worker does with a task that it runs. */
type HoldEvent = Extract<TaskEvent, { token: string }>;

/** How a {@linkcode LeaseHold} is kept. */
export interface LeaseHoldOptions {
  clock: Clock;
  /** Milliseconds that a lease lasts from its last renewal. */
  duration: number;
}

/**
 * The runner's hold on one task: every write of the runner goes through it, one after the other, and each shows the
 * lease's token and the record's version. Once another worker has taken the task, none of them has an effect: the event
 * is refused and {@linkcode LeaseLostError} thrown.
 */
export class LeaseHold {
  readonly token: string;
  readonly #store: TaskStore;
  readonly #clock: Clock;
  readonly #duration: number;
  #entry: TaskEntry;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(store: TaskStore, entry: TaskEntry, token: string, options: LeaseHoldOptions) {
    this.#store = store;
    this.#entry = entry;
    this.token = token;
    this.#clock = options.clock;
    this.#duration = options.duration;
  }

  /**
   * Claims a task that waits.
   *
   * @param options.permits the places it takes where only so many may run at once
   * @throws {RefusedError} when it no longer does, or a place is taken
   */
  static async claim(
    store: TaskStore,
    entry: TaskEntry,
    options: LeaseHoldOptions & { holder: string; permits?: readonly Deno.KvKey[] },
  ): Promise<LeaseHold> {
    const { clock, duration, holder, permits = [] } = options;
    const now = clock.now();
    const token = crypto.randomUUID();
    const lease = { token, holder, expires: now + duration, ...(permits.length > 0 ? { permits } : {}) };
    const claimed = await store.change(entry, { type: "claim", now, lease });
    return new LeaseHold(store, claimed, token, options);
  }

  /** The task as it was when this worker last wrote or read it. */
  get task(): Task {
    return this.#entry.task;
  }

  /** When others may take the task. */
  get expires(): number {
    const { state } = this.task;
    return state.status === "running" ? state.lease.expires : 0;
  }

  /** Whether its owner wants it ended. */
  get cancelling(): boolean {
    const { state } = this.task;
    return state.status === "running" && state.cancelling;
  }

  /**
   * Keeps the task for another lease, and notes how far it is.
   *
   * @throws {LeaseLostError} when another worker has it
   */
  async renew(progress: Progress): Promise<void> {
    const { token } = this;
    const now = this.#clock.now();
    await this.apply({ type: "renew", now, token, expires: now + this.#duration, progress });
  }

  /** Looks at the record, for what others may have noted in it. @throws {LeaseLostError} */
  async look(): Promise<void> {
    await this.#inTurn(async () => {
      const { owner: { subject }, id } = this.task;
      const entry = await this.#store.get({ owner: subject, id });
      const state = entry?.task.state;
      if (entry === undefined || state?.status !== "running" || state.lease.token !== this.token) {
        throw new LeaseLostError("Another worker has the task");
      }
      this.#entry = entry;
    });
  }

  /**
   * Writes one event. `write` is given by who tries the same event again after a time-out.
   *
   * @throws {LeaseLostError} when another worker has the task
   */
  async apply(event: HoldEvent, options: { write?: string } = {}): Promise<Task> {
    return await this.#inTurn(async () => {
      try {
        this.#entry = await this.#store.change(this.#entry, event, options);
        return this.#entry.task;
      } catch (error) {
        if (!(error instanceof RefusedError)) throw error;
        throw new LeaseLostError(
          isOver(error.task.state) ? "The task is over" : "Another worker has the task",
          { cause: error },
        );
      }
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#last.then(work, work);
    this.#last = next.catch(() => {});
    return next;
  }
}
