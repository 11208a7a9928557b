import { ChunkScanner } from "./chunk_scanner.ts";

/** How the end of a body is told (RFC 9112, section 6.3). */
export type Framing = "none" | "length" | "chunked" | "close";

/**
 * Finds the end of a body in the octets that pass. It changes and copies nothing: a body goes from one socket to the other as it
 * came, chunks and trailers included.
 *
 * @example
 * ```ts ignore
 * const body = new BodyFraming();
 * body.length(5);
 * const end = body.consume(bytes, start, filled); // octets from `start` up to `end` belong to the body
 * ```
 */
export class BodyFraming {
  #framing: Framing = "none";
  #remaining = 0;
  #complete = true;
  /** Made when the first body in chunks comes: most connections never see one. */
  #scanner: ChunkScanner | undefined;

  get framing(): Framing {
    return this.#framing;
  }

  /** Whether the last octet of the body has passed. A body that a close delimits is complete only after {@linkcode ended}. */
  get complete(): boolean {
    return this.#complete;
  }

  /** How many octets of data are known to be missing: none to speak of unless the length is known. */
  get remaining(): number {
    return this.#framing === "length" ? this.#remaining : Infinity;
  }

  /** No body follows. */
  none(): void {
    this.#framing = "none";
    this.#complete = true;
  }

  /** A body of known length follows. */
  length(octets: number): void {
    this.#framing = "length";
    this.#remaining = octets;
    this.#complete = octets === 0;
  }

  /** A body in chunks follows. */
  chunked(): void {
    this.#framing = "chunked";
    this.#complete = false;
    this.#chunks().reset();
  }

  /** A body follows that ends with the connection. */
  untilClose(): void {
    this.#framing = "close";
    this.#complete = false;
  }

  /**
   * Takes octets of the body.
   *
   * @returns the position after the last octet that belongs to it; `end` unless the body is complete
   * @throws {MessageError} when chunks are malformed
   */
  consume(bytes: Uint8Array, start: number, end: number): number {
    if (this.#complete) return start;
    switch (this.#framing) {
      case "none":
        return start;
      case "close":
        return end;
      case "length": {
        const taken = Math.min(this.#remaining, end - start);
        this.#remaining -= taken;
        this.#complete = this.#remaining === 0;
        return start + taken;
      }
      case "chunked": {
        const chunks = this.#chunks();
        const next = chunks.scan(bytes, start, end);
        this.#complete = chunks.complete;
        return next;
      }
    }
  }

  /**
   * Takes octets of a body in chunks as {@linkcode consume} does, and gives the data in them.
   *
   * @throws {MessageError} when chunks are malformed
   */
  dechunk(
    bytes: Uint8Array<ArrayBuffer>,
    start: number,
    end: number,
  ): { data: Uint8Array<ArrayBuffer>; end: number } {
    const data = new Uint8Array(end - start);
    let length = 0;
    const chunks = this.#chunks();
    const next = chunks.scan(bytes, start, end, (from, to) => {
      data.set(bytes.subarray(from, to), length);
      length += to - from;
    });
    this.#complete = chunks.complete;
    return { data: data.subarray(0, length), end: next };
  }

  /**
   * The connection ended.
   *
   * @returns whether the body is whole
   */
  ended(): boolean {
    if (this.#framing === "close") this.#complete = true;
    return this.#complete;
  }

  #chunks(): ChunkScanner {
    return this.#scanner ??= new ChunkScanner();
  }
}
