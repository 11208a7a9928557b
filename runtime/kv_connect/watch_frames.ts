/** Bytes of the length in front of each message of a watch. */
const HEADER = 4;
/** Bytes of a message at most: ten keys and their values are far below. */
const MAX_MESSAGE = 4 * 1024 * 1024;

/** What stands on a watch cannot be read. */
export class WatchFrameError extends Error {
  override readonly name = "WatchFrameError";
}

/** Takes a watch apart into its messages: each has its length in front, and one of no length says that the server lives. */
export class WatchFrames {
  readonly #take: (message: Uint8Array) => void;
  #bytes = new Uint8Array(4_096);
  #size = 0;

  /** @param take gets each message, a view that lasts as long as the call */
  constructor(take: (message: Uint8Array) => void) {
    this.#take = take;
  }

  /**
   * Takes what has arrived.
   *
   * @throws {WatchFrameError} when a message says that it is longer than any
   */
  push(bytes: Uint8Array): void {
    this.#append(bytes);
    let start = 0;
    for (;;) {
      if (this.#size - start < HEADER) break;
      const length = new DataView(this.#bytes.buffer, start).getUint32(0, true);
      if (length > MAX_MESSAGE) {
        throw new WatchFrameError(`A message of a watch is too long: ${length} bytes`);
      }
      const end = start + HEADER + length;
      if (end > this.#size) break;
      if (length > 0) this.#take(this.#bytes.subarray(start + HEADER, end));
      start = end;
    }
    this.#bytes.copyWithin(0, start, this.#size);
    this.#size -= start;
  }

  #append(bytes: Uint8Array): void {
    const size = this.#size + bytes.length;
    if (size > this.#bytes.length) {
      const larger = new Uint8Array(2 * size);
      larger.set(this.#bytes.subarray(0, this.#size));
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.#size);
    this.#size = size;
  }
}
