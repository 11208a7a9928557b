/** How a {@linkcode LogFile} is bounded. */
export interface LogFileOptions {
  /** Bytes after which the file becomes `NAME.1`, in place of an older one, and a new file begins. @default 10 MiB */
  maxBytes?: number;
}

const encoder = new TextEncoder();

/** A log of bounded size: the file itself and one older one beside it. */
export class LogFile implements Disposable {
  readonly #path: string;
  readonly #maxBytes: number;
  #file: Deno.FsFile;
  #size: number;

  /** Goes on with the file when there is one. */
  constructor(path: string, options: LogFileOptions = {}) {
    const { maxBytes = 10 * 1_048_576 } = options;
    this.#path = path;
    this.#maxBytes = maxBytes;
    this.#file = open(path);
    this.#size = this.#file.statSync().size;
  }

  /** Writes one line. */
  append(line: string): void {
    const bytes = encoder.encode(`${line}\n`);
    if (this.#size > 0 && this.#size + bytes.length > this.#maxBytes) this.#rotate();
    for (let written = 0; written < bytes.length;) written += this.#file.writeSync(bytes.subarray(written));
    this.#size += bytes.length;
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }

  #rotate(): void {
    this.#file.close();
    Deno.renameSync(this.#path, `${this.#path}.1`);
    this.#file = open(this.#path);
    this.#size = 0;
  }
}

function open(path: string): Deno.FsFile {
  return Deno.openSync(path, { create: true, append: true });
}
