/**
 * Large buffers that bodies are moved through, kept for the next body. A connection holds one only while a body passes: what
 * idle connections cost does not depend on it.
 */
export class BufferPool {
  /** Octets of each buffer. */
  readonly size: number;
  readonly #kept: Uint8Array<ArrayBuffer>[] = [];
  readonly #maxKept: number;

  /**
   * @param size octets of each buffer
   * @param maxKept how many are kept for later
   */
  constructor(size = 65_536, maxKept = 64) {
    this.size = size;
    this.#maxKept = maxKept;
  }

  /** Lends a buffer, whose octets are anything. */
  borrow(): Uint8Array<ArrayBuffer> {
    return this.#kept.pop() ?? new Uint8Array(this.size);
  }

  /** Takes one back. */
  giveBack(buffer: Uint8Array<ArrayBuffer>): void {
    if (this.#kept.length < this.#maxKept) this.#kept.push(buffer);
  }
}
