import { keys } from "./keys.ts";

/** One line of a task's log. */
export interface LogLine {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly attempt: number;
  readonly line: string;
}

/** Lines that one run may log; what comes after is dropped, and that is said. */
const LINE_LIMIT = 1_000;
const LENGTH_LIMIT = 1_000;
/** Lines in one value of the store: well below 65,536 bytes. */
const CHUNK = 15;

/** Gathers the lines that a run logs, and writes them some at a time. */
export class TaskLog {
  readonly #kv: Deno.Kv;
  readonly #id: string;
  readonly #attempt: number;
  readonly #retention: number;
  #waiting: LogLine[] = [];
  #count = 0;
  #chunks = 0;

  constructor(kv: Deno.Kv, options: { id: string; attempt: number; retention: number }) {
    this.#kv = kv;
    this.#id = options.id;
    this.#attempt = options.attempt;
    this.#retention = options.retention;
  }

  /** Adds a line; it is written at the next {@linkcode TaskLog.flush}. */
  add(line: string, time: number): void {
    if (this.#count > LINE_LIMIT) return;
    const text = this.#count++ < LINE_LIMIT ? line.slice(0, LENGTH_LIMIT) : "Further lines were dropped";
    this.#waiting.push({ time, attempt: this.#attempt, line: text });
  }

  /** Whether there are lines that are not written yet. */
  get waits(): boolean {
    return this.#waiting.length > 0;
  }

  /** Writes what waits. Lines whose write failed are written by the next call. */
  async flush(): Promise<void> {
    while (this.#waiting.length > 0) {
      const lines = this.#waiting.slice(0, CHUNK);
      const key = [...keys.log(this.#id), this.#attempt, this.#chunks];
      await this.#kv.set(key, lines, { expireIn: this.#retention });
      this.#chunks++;
      this.#waiting = this.#waiting.slice(lines.length);
    }
  }
}

/** The lines that a task's runs have logged, oldest first. */
export async function readLog(kv: Deno.Kv, id: string): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  for await (const { value } of kv.list<LogLine[]>({ prefix: keys.log(id) })) lines.push(...value);
  return lines;
}
