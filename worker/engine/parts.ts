import { createHash } from "node:crypto";
import type { FileEntry } from "./file_entry.ts";
import { keys } from "./keys.ts";

/** Bytes in a part: below the 65,536 of a KV value, with room for its serialisation. */
const PART_SIZE = 61_440;
/** Parts read in one request to the store. */
const READ_AHEAD = 4;

const encoder = new TextEncoder();

/** How a file is written. */
export interface FileWriterOptions {
  /** The task. */
  id: string;
  /** The lease of the run: a run that lost it writes where nobody looks. */
  token: string;
  name: string;
  /** Media type. */
  type: string;
  /** Milliseconds that the parts are kept. */
  retention: number;
  /** Bytes that the file may have. @default 67_108_864 */
  limit?: number;
}

/** A file grew larger than a task's files may be. */
export class FileTooLargeError extends Error {
  override readonly name = "FileTooLargeError";
}

/**
 * Writes a file to the store in parts, as they fill, so that a file of any size needs the memory of one part. Parts are
 * keyed by the lease, so no check is needed: a late one lands among its own, which nothing points to.
 */
export class FileWriter {
  readonly #kv: Deno.Kv;
  readonly #options: Required<FileWriterOptions>;
  readonly #buffer = new Uint8Array(PART_SIZE);
  readonly #digest = createHash("sha256");
  #filled = 0;
  #parts = 0;
  #size = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(kv: Deno.Kv, options: FileWriterOptions) {
    this.#kv = kv;
    this.#options = { limit: 64 * 1_024 * 1_024, ...options };
  }

  /** Adds to the end. @throws {FileTooLargeError} */
  write(chunk: Uint8Array | string): Promise<void> {
    const bytes = typeof chunk === "string" ? encoder.encode(chunk) : chunk;
    const done = this.#last.then(() => this.#append(bytes));
    this.#last = done.catch(() => {});
    return done;
  }

  /** Writes what is left, and gives what it takes to find the file. */
  async close(): Promise<FileEntry> {
    await this.#last;
    if (this.#filled > 0) await this.#flush();
    const { name, type, token } = this.#options;
    return { name, type, token, size: this.#size, parts: this.#parts, digest: this.#digest.digest("hex") };
  }

  async #append(bytes: Uint8Array): Promise<void> {
    this.#size += bytes.length;
    const { limit, name } = this.#options;
    if (this.#size > limit) throw new FileTooLargeError(`Cannot write ${name}: it may have ${limit} bytes`);
    this.#digest.update(bytes);
    for (let start = 0; start < bytes.length;) {
      const piece = bytes.subarray(start, start + PART_SIZE - this.#filled);
      this.#buffer.set(piece, this.#filled);
      this.#filled += piece.length;
      start += piece.length;
      if (this.#filled === PART_SIZE) await this.#flush();
    }
  }

  async #flush(): Promise<void> {
    const { id, token, name, retention } = this.#options;
    const key = [...keys.part(id, token, name), this.#parts];
    await this.#kv.set(key, this.#buffer.slice(0, this.#filled), { expireIn: retention });
    this.#parts++;
    this.#filled = 0;
  }
}

/** The bytes of a file from `start` up to, not including, `end`; read part by part as they are wanted. */
export function readFile(
  kv: Deno.Kv,
  id: string,
  options: { file: FileEntry; start?: number; end?: number },
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const { file, start = 0, end = file.size } = options;
  const prefix = keys.part(id, file.token, file.name);
  const last = Math.min(file.parts, Math.ceil(end / PART_SIZE));
  let part = Math.floor(start / PART_SIZE);
  return new ReadableStream({
    async pull(controller) {
      if (part >= last) return controller.close();
      const wanted = Array.from(
        { length: Math.min(READ_AHEAD, last - part) },
        (_, index) => [...prefix, part + index],
      );
      for (const entry of await kv.getMany<Uint8Array<ArrayBuffer>[]>(wanted)) {
        if (entry.versionstamp === null) throw new Error(`Cannot read ${file.name}: part ${part} is gone`);
        const offset = part * PART_SIZE;
        controller.enqueue(entry.value.subarray(Math.max(0, start - offset), Math.max(0, end - offset)));
        part++;
      }
    },
  }, { highWaterMark: 0 });
}
