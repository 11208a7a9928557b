/** Octets of a stream that nobody has read yet: one array, so that its cost does not depend on how they came. */
export class ReceiveBuffer {
  #bytes = new Uint8Array(0);
  #start = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#start;
  }

  /** Puts octets behind what is there. */
  put(bytes: Uint8Array, start: number, end: number): void {
    const count = end - start;
    if (this.#end + count > this.#bytes.length) this.#makeRoom(count);
    this.#bytes.set(bytes.subarray(start, end), this.#end);
    this.#end += count;
  }

  /** Moves octets out from the front, as many as there are and as fit. */
  take(into: Uint8Array): number {
    const count = Math.min(into.length, this.length);
    into.set(this.#bytes.subarray(this.#start, this.#start + count));
    this.#start += count;
    if (this.#start === this.#end) this.clear();
    return count;
  }

  clear(): void {
    this.#bytes = new Uint8Array(0);
    this.#start = this.#end = 0;
  }

  #makeRoom(count: number): void {
    const waiting = this.#bytes.subarray(this.#start, this.#end);
    const needed = waiting.length + count;
    const bytes = needed > this.#bytes.length
      ? new Uint8Array(Math.max(needed, this.#bytes.length * 2))
      : this.#bytes;
    if (bytes === this.#bytes) bytes.copyWithin(0, this.#start, this.#end);
    else bytes.set(waiting);
    this.#bytes = bytes;
    this.#start = 0;
    this.#end = waiting.length;
  }
}
