import { type Clock, systemClock } from "@flotilla/runtime";
import { join } from "@std/path";
import type { Exit } from "./launch.ts";
import { LogFile } from "./log_file.ts";
import { isWorthShowing, parseLogLine } from "./log_line.ts";
import type { ProcessState, SupervisedProcess } from "./process.ts";
import type { Terminal } from "./terminal.ts";

/** How {@linkcode Reporter} tells. */
export interface ReporterOptions {
  /** The folder for the logs; it must be there. */
  logs: string;
  /** @default {@linkcode systemClock} */
  clock?: Clock;
}

/** Keeps what processes log in a file each, and tells at the terminal what a person should know. */
export class Reporter implements Disposable {
  readonly #terminal: Terminal;
  readonly #logs: string;
  readonly #clock: Clock;
  readonly #began = new Map<string, number>();
  readonly #files = new Map<string, LogFile>();
  readonly #wereReady = new Set<string>();

  constructor(terminal: Terminal, options: ReporterOptions) {
    const { logs, clock = systemClock } = options;
    this.#terminal = terminal;
    this.#logs = logs;
    this.#clock = clock;
  }

  /** To be given to the supervisor. */
  readonly onLine = ({ plan }: SupervisedProcess, line: string): void => {
    this.#fileOf(plan.name).append(line);
    const parsed = parseLogLine(line);
    if (!isWorthShowing(parsed)) return;
    // Until a process is ready it warns of all that is not there yet, which the supervisor knows.
    if (parsed.level === "warning" && !this.#wereReady.has(plan.name)) return;
    this.#terminal.tell(plan.name, parsed.text, parsed.level === "warning" ? "notice" : "bad");
  };

  /** To be given to the supervisor. */
  readonly onState = ({ plan: { name } }: SupervisedProcess, state: ProcessState): void => {
    switch (state.kind) {
      case "ready":
        return this.#terminal.tell(name, this.#readyText(name, state.pid), "good");
      case "died": {
        const text = `process ${state.pid} ${describeExit(state.exit)}; starts again in ${state.delay} ms`;
        return this.#terminal.tell(name, text, "bad");
      }
      case "refused":
        return this.#terminal.tell(name, "cannot start", "bad");
      case "stopped":
        return this.#terminal.tell(name, "has stopped");
      case "starting":
        if (!this.#began.has(name)) this.#began.set(name, this.#clock.now());
        return;
      case "planned":
      case "draining":
    }
  };

  [Symbol.dispose](): void {
    for (const file of this.#files.values()) file[Symbol.dispose]();
  }

  #readyText(name: string, pid: number): string {
    if (this.#wereReady.has(name)) return `is ready again, as process ${pid}`;
    this.#wereReady.add(name);
    const began = this.#began.get(name) ?? this.#clock.now();
    return `is ready after ${((this.#clock.now() - began) / 1_000).toFixed(1)} s`;
  }

  #fileOf(name: string): LogFile {
    const known = this.#files.get(name);
    if (known !== undefined) return known;
    const file = new LogFile(join(this.#logs, `${name}.log`));
    this.#files.set(name, file);
    return file;
  }
}

function describeExit({ code, signal }: Exit): string {
  return signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
}
