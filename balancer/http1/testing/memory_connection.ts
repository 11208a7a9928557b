import type { Connection } from "../connection.ts";

/** One direction of a pair: octets that were written and not read, at most so many. */
class Pipe {
  readonly #capacity: number;
  #chunks: Uint8Array<ArrayBuffer>[] = [];
  #size = 0;
  #state: "open" | "ended" | "reset" = "open";
  #wake = Promise.withResolvers<void>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  async read(into: Uint8Array): Promise<number | null> {
    while (this.#size === 0) {
      if (this.#state === "ended") return null;
      if (this.#state === "reset") throw new Deno.errors.ConnectionReset("The pair was closed");
      await this.#wake.promise;
    }
    const chunk = this.#chunks[0];
    if (chunk === undefined) return null;
    const count = Math.min(chunk.length, into.length);
    into.set(chunk.subarray(0, count));
    if (count === chunk.length) this.#chunks.shift();
    else this.#chunks[0] = chunk.subarray(count);
    this.#size -= count;
    this.#notify();
    return count;
  }

  async write(octets: Uint8Array): Promise<number> {
    while (this.#state === "open" && this.#size >= this.#capacity) await this.#wake.promise;
    if (this.#state !== "open") throw new Deno.errors.BrokenPipe("The pair was closed");
    const count = Math.min(octets.length, this.#capacity - this.#size);
    this.#chunks.push(octets.slice(0, count));
    this.#size += count;
    this.#notify();
    return count;
  }

  end(state: "ended" | "reset"): void {
    if (this.#state === "open" || state === "reset") this.#state = state;
    if (state === "reset") {
      this.#chunks = [];
      this.#size = 0;
    }
    this.#notify();
  }

  #notify(): void {
    const { resolve } = this.#wake;
    this.#wake = Promise.withResolvers<void>();
    resolve();
  }
}

/** One end of a connection in memory. */
export class MemoryConnection implements Connection {
  readonly #incoming: Pipe;
  readonly #outgoing: Pipe;
  #closed = false;

  constructor(incoming: Pipe, outgoing: Pipe) {
    this.#incoming = incoming;
    this.#outgoing = outgoing;
  }

  get closed(): boolean {
    return this.#closed;
  }

  async read(p: Uint8Array): Promise<number | null> {
    if (this.#closed) throw new Deno.errors.BadResource("The connection is closed");
    return await this.#incoming.read(p);
  }

  async write(p: Uint8Array): Promise<number> {
    if (this.#closed) throw new Deno.errors.BadResource("The connection is closed");
    return await this.#outgoing.write(p);
  }

  closeWrite(): Promise<void> {
    this.#outgoing.end("ended");
    return Promise.resolve();
  }

  close(): void {
    if (this.#closed) throw new Deno.errors.BadResource("The connection is closed");
    this.#closed = true;
    this.#outgoing.end("ended");
    this.#incoming.end("reset");
  }
}

/**
 * Two ends of a connection in memory, for tests: it needs no permission, and keeps to what a socket does. What one end writes
 * the other reads; a full buffer makes the writer wait; a closed end gives the other end-of-file, and an error when it writes.
 *
 * @param capacity octets each way that were written and not read; default 65,536
 */
export function memoryPair(capacity = 65_536): readonly [MemoryConnection, MemoryConnection] {
  const there = new Pipe(capacity);
  const back = new Pipe(capacity);
  return [new MemoryConnection(back, there), new MemoryConnection(there, back)];
}
