import { PermanentError } from "./define_task.ts";
import type { FileEntry } from "./file_entry.ts";
import { FileWriter } from "./parts.ts";

/** Whose files they are. */
export interface RunFilesOptions {
  /** The task. */
  id: string;
  /** The lease of the run. */
  token: string;
  /** Milliseconds that they are kept. */
  retention: number;
}

/** The name under which a large result is kept. */
const RESULT_FILE = "result.json";

/** The files that one run writes. */
export class RunFiles {
  readonly #kv: Deno.Kv;
  readonly #options: RunFilesOptions;
  readonly #open: { readonly name: string; readonly writer: FileWriter }[] = [];

  constructor(kv: Deno.Kv, options: RunFilesOptions) {
    this.#kv = kv;
    this.#options = options;
  }

  /** Starts a file of the kind's code. @throws {PermanentError} when its name is taken or not allowed */
  start(name: string, type: string): FileWriter {
    const taken = name === RESULT_FILE || this.#open.some((file) => file.name === name);
    if (taken || !/^[\w-][\w.-]{0,99}$/.test(name)) {
      throw new PermanentError(`Cannot write a file: its name is taken or not allowed, ${name}`);
    }
    const writer = this.#writer(name, type);
    this.#open.push({ name, writer });
    return writer;
  }

  /** Writes a result that is too large to stand in the task's record. */
  async writeResult(text: string): Promise<FileEntry> {
    const writer = this.#writer(RESULT_FILE, "application/json");
    await writer.write(text);
    return await writer.close();
  }

  /** Ends the files that were started, and says what it takes to find them. */
  close(): Promise<FileEntry[]> {
    return Promise.all(this.#open.map(({ writer }) => writer.close()));
  }

  /** Whether any was started. */
  get any(): boolean {
    return this.#open.length > 0;
  }

  #writer(name: string, type: string): FileWriter {
    return new FileWriter(this.#kv, { ...this.#options, name, type });
  }
}
