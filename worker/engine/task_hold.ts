import type { Clock } from "@flotilla/runtime";
import { LeaseLostError } from "./run_errors.ts";
import { isOver, type Progress, type Task, type TaskEvent } from "./task_state.ts";
import { RefusedError, type TaskEntry, type TaskStore } from "./task_store.ts";

/** What a worker does with a task that it runs. */
type HoldEvent = Extract<TaskEvent, { token: string }>;

/** The lease under which a task is held. */
export interface HoldingLease {
  /** When others may take the task, in milliseconds since the epoch. */
  readonly expires: number;
}

/** How a {@linkcode TaskHold} is made. */
export interface TaskHoldOptions {
  entry: TaskEntry;
  token: string;
  /** Since when it had been waiting, in milliseconds since the epoch. */
  since: number;
  lease: HoldingLease;
  clock: Clock;
  /** Told once that this worker has nothing to do with the task any more. */
  onSettled(): void;
}

/**
 * The runner's hold on one task: every write of the runner goes through it, one after the other, and each shows the
 * claim's token and the record's version. Once another worker has taken the task, none of them has an effect: the event
 * is refused and {@linkcode LeaseLostError} thrown.
 */
export class TaskHold {
  readonly token: string;
  readonly #store: TaskStore;
  readonly #options: TaskHoldOptions;
  #entry: TaskEntry;
  #last: Promise<unknown> | undefined;

  constructor(store: TaskStore, options: TaskHoldOptions) {
    this.#store = store;
    this.#options = options;
    this.#entry = options.entry;
    this.token = options.token;
  }

  /** The task as it was when this worker last wrote or read it. */
  get task(): Task {
    return this.#entry.task;
  }

  /** The lease under which it is held. */
  get lease(): HoldingLease {
    return this.#options.lease;
  }

  /** Since when the task had been waiting. */
  get since(): number {
    return this.#options.since;
  }

  /** Whether its owner wants it ended. */
  get cancelling(): boolean {
    const { state } = this.task;
    return state.status === "running" && state.cancelling;
  }

  /**
   * Notes how far the task is.
   *
   * @throws {LeaseLostError} when another worker has it
   */
  async note(progress: Progress): Promise<void> {
    await this.apply({ type: "progress", now: this.#options.clock.now(), token: this.token, progress });
  }

  /** Looks at the record, for what others may have noted in it. @throws {LeaseLostError} */
  async look(): Promise<void> {
    await this.#inTurn(async () => {
      const { owner: { subject }, id } = this.task;
      const entry = await this.#store.get({ owner: subject, id });
      // Since the claim nobody has written it.
      if (entry?.versionstamp === this.#entry.versionstamp) return;
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
  apply(event: HoldEvent, options: { write?: string } = {}): Promise<Task> {
    return this.#inTurn(() => this.#change(event, options));
  }

  async #change(event: HoldEvent, options: { write?: string }): Promise<Task> {
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
  }

  /** Says that the run's outcome is recorded, or that another worker has the task. */
  settle(): void {
    this.#options.onSettled();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#last === undefined ? work() : this.#last.then(work, work);
    this.#last = next.catch(() => {});
    return next;
  }
}
