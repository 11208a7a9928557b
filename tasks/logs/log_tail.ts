/** Reads a log and then what it gains, also when it is renamed and begun anew. */
export class LogTail implements Disposable {
  readonly #path: string;
  #file: Deno.FsFile | undefined;
  #decoder = new TextDecoder();
  /** The beginning of a line whose end is not written yet. */
  #begun = "";

  /** Opens nothing yet; the file need not be there. */
  constructor(path: string) {
    this.#path = path;
  }

  /** The whole lines that were not read before. */
  async read(): Promise<string[]> {
    const lines = await this.#readOn();
    if (await this.#isCurrent()) return lines;
    this.#file?.close();
    this.#file = await openIfThere(this.#path);
    this.#decoder = new TextDecoder();
    return [...lines, ...await this.#readOn()];
  }

  [Symbol.dispose](): void {
    this.#file?.close();
  }

  async #readOn(): Promise<string[]> {
    const buffer = new Uint8Array(65_536);
    let text = this.#begun;
    for (let size = await this.#file?.read(buffer); size; size = await this.#file?.read(buffer)) {
      text += this.#decoder.decode(buffer.subarray(0, size), { stream: true });
    }
    const lines = text.split("\n");
    this.#begun = lines.pop() ?? "";
    return lines;
  }

  /** Whether the file that is open is the one that has the name. */
  async #isCurrent(): Promise<boolean> {
    if (this.#file === undefined) return false;
    const [open, named] = await Promise.all([
      this.#file.stat(),
      Deno.stat(this.#path).catch(() => undefined),
    ]);
    return named === undefined || (open.ino === named.ino && open.dev === named.dev);
  }
}

async function openIfThere(path: string): Promise<Deno.FsFile | undefined> {
  try {
    return await Deno.open(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
