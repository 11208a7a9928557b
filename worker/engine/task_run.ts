import { resumeTrace, type Seat, sleep, type SpanOptions, type Timer } from "@flotilla/runtime";
import { getLogger } from "@logtape/logtape";
import { backoff } from "./backoff.ts";
import { PermanentError, type TaskDefinition } from "./define_task.ts";
import type { FileEntry } from "./file_entry.ts";
import { RunContext, type RunSide } from "./run_context.ts";
import {
  failureOf,
  LeaseLostError,
  TaskCancelledError,
  TaskTimeoutError,
  WorkerStoppingError,
} from "./run_errors.ts";
import { RunFiles } from "./run_files.ts";
import { outcomeOf, type RunOutcome } from "./run_outcome.ts";
import type { Timed } from "./deadlines.ts";
import type { RunEnvironment } from "./run_environment.ts";
import type { ArtifactWriter, ServiceCaller } from "./task_context.ts";
import type { Progress, Task, TaskEvent, TaskResult } from "./task_state.ts";
import type { TaskHold } from "./task_hold.ts";
import { TaskLog } from "./task_log.ts";
import { isTooLarge } from "./write_size.ts";
import { findUpload, type UploadedFile } from "./uploads.ts";

const logger = getLogger(["flotilla", "worker", "run"]);
/** A result of more characters of JSON than this is kept as a file. */
const INLINE_LIMIT = 8_192;
/** Milliseconds between two tries to write what a run came to, while the store is away. */
const OUTCOME_RETRY = 500;

type OutcomeEvent = Extract<TaskEvent, { type: "succeed" | "fail" | "release" | "cancelled" }>;

/** Told of what becomes of runs. */
export interface RunObserver {
  /** The kind's code has ended, or is not waited for any more; its outcome is yet to be written. */
  worked(run: TaskRun): void;
  /** The outcome is written, or the lease is lost. */
  ended(run: TaskRun, outcome: RunOutcome): void;
}

/** One run of one task, from the claim to the record of what it came to. */
export class TaskRun implements Timed, RunSide {
  readonly hold: TaskHold;
  readonly kind: string;
  /** Milliseconds since the epoch. */
  readonly started: number;
  /** When its record is to say that it runs; after that, when it has taken too long. */
  due: number;
  /** Its place among those of its runner. */
  seat: Seat<TaskRun> | undefined;
  /** Resolves when the outcome is written, or the lease is lost; never rejects. */
  readonly outcome: Promise<RunOutcome>;
  readonly #observer: RunObserver;
  readonly #definition: TaskDefinition;
  readonly #environment: RunEnvironment;
  /** Made for code that asks for its signal. */
  #controller: AbortController | undefined;
  /** Why the run ended, or was to end. */
  #reason: Error | undefined;
  /** Ends the wait for the kind's code. */
  #interrupt: (reason: Error) => void = () => {};
  readonly #files: RunFiles;
  readonly #log: TaskLog;
  #progress: Progress = { fraction: 0 };
  /** Writes progress and log. */
  #writing: { readonly timer: Timer; readonly at: number } | undefined;
  #told = false;
  #over = false;
  #stopping = false;

  constructor(
    hold: TaskHold,
    definition: TaskDefinition,
    environment: RunEnvironment,
    observer: RunObserver,
  ) {
    this.hold = hold;
    this.kind = definition.name;
    this.#definition = definition;
    this.#environment = environment;
    this.#observer = observer;
    const { kv, clock, retention, announceAfter } = environment;
    this.started = clock.now();
    this.due = this.started + Math.min(announceAfter, definition.timeout);
    this.#files = new RunFiles(kv, { id: hold.task.id, token: hold.token, retention });
    this.#log = new TaskLog(kv, { id: hold.task.id, attempt: hold.task.attempt, retention });
    const traced = hold.task.trace !== undefined;
    this.outcome = traced ? resumeTrace(this.#span(), () => this.#run()) : this.#run();
  }

  /** Ends the run for a reason of the worker: {@linkcode WorkerStoppingError}. */
  stop(): void {
    this.#stopping = true;
    this.#abort(new WorkerStoppingError("The worker stops"));
  }

  /** Ends the run because the task is another worker's, or may be. */
  lose(reason: LeaseLostError): void {
    this.#abort(reason);
  }

  /** Looks whether the run is wanted still: its owner may have cancelled it. */
  async look(): Promise<void> {
    if (this.#over) return;
    try {
      await this.hold.look();
    } catch (error) {
      if (error instanceof LeaseLostError) this.#abort(error);
      return;
    }
    if (this.hold.cancelling) this.#abort(new TaskCancelledError("The task was cancelled"));
  }

  get task(): Task {
    return this.hold.task;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  get service(): ServiceCaller {
    return this.#environment.service(this.task, this.signal);
  }

  async upload(id: string): Promise<UploadedFile> {
    const { kv, clock } = this.#environment;
    const found = await findUpload(kv, { owner: this.task.owner.subject, id }, clock.now());
    if (found === undefined) throw new PermanentError(`There is no uploaded file ${id}`);
    return found;
  }

  startFile(name: string, type: string): ArtifactWriter {
    return this.#files.start(name, type);
  }

  /** Progress is written soon, but not at every call. */
  tell(progress: Progress, within = this.#environment.progressInterval): void {
    this.#progress = progress;
    this.#told = true;
    this.#schedule(within);
  }

  say(line: string): void {
    this.#log.add(line, this.#environment.clock.now());
    this.#schedule(this.#environment.logInterval);
  }

  onDue(): void {
    const { timeout } = this.#definition;
    const end = this.started + timeout;
    if (this.due === end) return this.#abort(new TaskTimeoutError(`The run took longer than ${timeout} ms`));
    this.due = end;
    this.tell(this.#progress, 0);
  }

  #span(): SpanOptions {
    const { id, kind, attempt, trace: parent } = this.hold.task;
    return {
      name: `run ${kind}`,
      parent,
      attributes: { "flotilla.task.id": id, "flotilla.task.attempt": attempt },
    };
  }

  async #run(): Promise<RunOutcome> {
    const event = await this.#work();
    this.#observer.worked(this);
    let outcome: RunOutcome = "lost";
    try {
      outcome = await this.#record(event);
      this.hold.settle();
    } catch (error) {
      if (error instanceof LeaseLostError) {
        logger.warn("Task {id} was lost to another worker: {error}", this.#about(error));
        this.hold.settle();
      } else logger.error("Task {id} could not be recorded: {error}", this.#about(error));
    }
    this.#over = true;
    this.#writing?.timer.cancel();
    this.#signalEnd(RUN_OVER);
    this.#observer.ended(this, outcome);
    return outcome;
  }

  /** Runs the kind's code, and says what is to be recorded. Code that ignores its signal is not waited for. */
  async #work(): Promise<OutcomeEvent> {
    const { clock, retention, deadlines } = this.#environment;
    const deadline = deadlines.add(this);
    try {
      const result = await this.#keep(await this.#execute());
      const files = this.#files.any ? await this.#files.close() : NO_FILES;
      return { type: "succeed", now: clock.now(), token: this.hold.token, result, files, retention };
    } catch (error) {
      return this.#failed(error);
    } finally {
      deadlines.delete(deadline);
    }
  }

  #execute(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#interrupt = reject;
      const { input } = this.hold.task;
      this.#definition.run(input, (input) => new RunContext(this, input)).then(resolve, reject);
    });
  }

  #abort(reason: Error): void {
    this.#signalEnd(reason);
    this.#interrupt(reason);
  }

  #signalEnd(reason: Error): void {
    this.#reason ??= reason;
    this.#controller?.abort(reason);
  }

  #failed(error: unknown): OutcomeEvent {
    const { clock, retention } = this.#environment;
    const { token, task } = this.hold;
    const now = clock.now();
    // Code that ends since the lease is lost has not failed. Where nobody has taken the task yet, it is handed back.
    if (error instanceof WorkerStoppingError || error instanceof LeaseLostError) {
      return { type: "release", now, token, retention };
    }
    if (error instanceof TaskCancelledError) return { type: "cancelled", now, token, retention };
    const { retry } = this.#definition;
    const failures = task.failures + 1;
    const again = !(error instanceof PermanentError) && failures < retry.attempts;
    const retryAt = again ? now + backoff(failures, retry) : undefined;
    const progress = this.#progress;
    return { type: "fail", now, token, progress, error: failureOf(error), retryAt, retention };
  }

  /**
   * Writes the outcome, for as long as the store is away; who has lost the lease by then is refused. A task that could not
   * be handed back comes free when its lease ends; a worker that stops waits no longer than that. What no store would ever
   * take has failed.
   */
  async #record(event: OutcomeEvent): Promise<RunOutcome> {
    const { clock } = this.#environment;
    const write = `${event.token}.${event.type}`;
    if (this.#log.waits) await this.#log.flush().catch(() => {});
    for (;;) {
      try {
        const { state } = await this.hold.apply(event, { write });
        return state.status === "queued" ? "released" : outcomeOf(state.status);
      } catch (error) {
        if (error instanceof LeaseLostError || event.type === "release") throw error;
        if (event.type === "succeed" && isTooLarge(error)) {
          return await this.#record(this.#failed(new PermanentError(TOO_LARGE, { cause: error })));
        }
        if (this.#stopping && clock.now() >= this.hold.lease.expires) throw error;
        logger.warn("Task {id} waits for the store: {error}", this.#about(error));
        await sleep(OUTCOME_RETRY, { clock });
      }
    }
  }

  async #keep(value: unknown): Promise<TaskResult> {
    const text = JSON.stringify(value ?? null);
    if (text.length <= INLINE_LIMIT) return { kind: "inline", value: JSON.parse(text) };
    return { kind: "stored", file: await this.#files.writeResult(text) };
  }

  #schedule(ms: number): void {
    const { clock } = this.#environment;
    const at = clock.now() + ms;
    if (this.#over || (this.#writing !== undefined && this.#writing.at <= at)) return;
    this.#writing?.timer.cancel();
    this.#writing = { at, timer: clock.setTimeout(() => void this.#write(), ms) };
  }

  /** Writes how far the run is, and what it has logged. */
  async #write(): Promise<void> {
    this.#writing = undefined;
    const told = this.#told;
    this.#told = false;
    try {
      await Promise.all([told && this.hold.note(this.#progress), this.#log.flush()]);
      if (this.hold.cancelling) this.#abort(new TaskCancelledError("The task was cancelled"));
    } catch (error) {
      if (error instanceof LeaseLostError) return this.lose(error);
      this.#told ||= told;
      this.#schedule(this.#environment.logInterval);
    }
  }

  #about(error: unknown): Record<string, unknown> {
    return { id: this.hold.task.id, kind: this.hold.task.kind, attempt: this.hold.task.attempt, error };
  }
}

const NO_FILES: readonly FileEntry[] = [];

/** The reason of the signal when the run has ended: whatever its code has left behind should end too. */
const RUN_OVER = new LeaseLostError("The run is over");

const TOO_LARGE = "Input, result and files are together too many to be kept with the task";
