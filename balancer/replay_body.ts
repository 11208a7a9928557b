import { AttemptError } from "./failure.ts";

/**
 * The body of a request that may have to be sent again: what was read from the client is kept as long as it
 * is small. Only what is sent is read, so that a slow upstream slows the client down, and the whole is never
 * in memory.
 */
export class ReplayBody {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;
  readonly #limit: number;
  /** What was read and may be needed again; once past the limit, only what has not been sent on yet. */
  readonly #kept: Uint8Array<ArrayBuffer>[] = [];
  /** The next one of the kept pieces that goes to the upstream. */
  #position = 0;
  #bytes = 0;
  #ended = false;
  #reading: Promise<void> | undefined;
  #current: object | undefined;

  /** @param limit bytes that are kept at most */
  constructor(source: ReadableStream<Uint8Array<ArrayBuffer>>, limit: number) {
    this.#reader = source.getReader();
    this.#limit = limit;
  }

  /** Whether it can be sent from the start once more. */
  get replayable(): boolean {
    return this.#bytes <= this.#limit;
  }

  /** Whether all of it was read from the client. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * The body from its start, for one attempt; the stream of an earlier attempt gives nothing any more.
   *
   * @param onProgress called when a piece is passed on, and at the end
   */
  open(onProgress: () => void): ReadableStream<Uint8Array<ArrayBuffer>> {
    const attempt = {};
    this.#current = attempt;
    this.#position = 0;
    return new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: async (controller) => {
        while (this.#position >= this.#kept.length && !this.#ended) await this.#read();
        if (this.#current !== attempt) return controller.close();
        onProgress();
        const piece = this.#take();
        if (piece === undefined) controller.close();
        else controller.enqueue(piece);
      },
    }, { highWaterMark: 0 });
  }

  /** Gives up what is left of it. */
  async discard(): Promise<void> {
    this.#current = undefined;
    this.#kept.length = 0;
    if (!this.#ended) await this.#reader.cancel().catch(() => {});
  }

  #take(): Uint8Array<ArrayBuffer> | undefined {
    const piece = this.#kept[this.#position];
    if (this.replayable) this.#position++;
    else {
      this.#kept.splice(0, this.#position + 1);
      this.#position = 0;
    }
    return piece;
  }

  /**
   * Reads one piece. Attempts share the read in progress, since the one that began it may be over when it is
   * there.
   */
  #read(): Promise<void> {
    this.#reading ??= this.#readPiece().finally(() => this.#reading = undefined);
    return this.#reading;
  }

  async #readPiece(): Promise<void> {
    try {
      const { done, value } = await this.#reader.read();
      if (done) this.#ended = true;
      else {
        this.#bytes += value.byteLength;
        this.#kept.push(value);
      }
    } catch (cause) {
      this.#ended = true;
      throw new AttemptError({ kind: "request_body", cause });
    }
  }
}
