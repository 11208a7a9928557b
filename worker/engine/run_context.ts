import type { Principal } from "@flotilla/auth/verify";
import { progressOf } from "./progress_note.ts";
import type { ArtifactWriter, ServiceCaller, TaskContext } from "./task_context.ts";
import type { Progress, Task } from "./task_state.ts";
import type { UploadedFile } from "./uploads.ts";

/** The run that a {@linkcode RunContext} speaks for. */
export interface RunSide {
  readonly task: Task;
  /** Made when it is first asked for. */
  readonly signal: AbortSignal;
  readonly service: ServiceCaller;
  upload(id: string): Promise<UploadedFile>;
  tell(progress: Progress): void;
  say(line: string): void;
  startFile(name: string, type: string): ArtifactWriter;
}

/**
 * What the code of one run is given. A class, for what is made on demand: getters in an object literal are a hidden class of its
 * own for every object, which V8 keeps until its next full collection, and with it all that the run has touched.
 */
export class RunContext<T> implements TaskContext<T> {
  readonly id: string;
  readonly attempt: number;
  readonly input: T;
  readonly owner: Principal;
  readonly #run: RunSide;

  constructor(run: RunSide, input: T) {
    const { id, attempt, owner } = run.task;
    this.#run = run;
    this.id = id;
    this.attempt = attempt;
    this.input = input;
    this.owner = owner;
  }

  get signal(): AbortSignal {
    return this.#run.signal;
  }

  get service(): ServiceCaller {
    return this.#run.service;
  }

  readonly upload = (id: string): Promise<UploadedFile> => this.#run.upload(id);

  readonly progress = (fraction: number, note?: string): void => this.#run.tell(progressOf(fraction, note));

  readonly log = (line: string): void => this.#run.say(line);

  readonly artifact = (name: string, type: string): ArtifactWriter => this.#run.startFile(name, type);
}
