import type { FailureKind } from "../failure.ts";
import { chunk, lastChunk } from "./answer_framing.ts";
import type { Wire } from "./wire.ts";

/** Writes a stream as the body of a request: of the length that `content-length` tells, or else in chunks. */
export class RequestBodyWriter {
  /** Whether all of it was written. */
  complete = false;
  readonly #wire: Wire;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;
  readonly #length: number | undefined;
  #stopped = false;

  constructor(wire: Wire, body: ReadableStream<Uint8Array<ArrayBuffer>>, headers: Headers) {
    const length = headers.get("content-length");
    this.#wire = wire;
    this.#reader = body.getReader();
    this.#length = length !== null && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
  }

  /** The field that tells how the body is framed, with its line end. */
  get framingField(): string {
    return this.#length === undefined
      ? "transfer-encoding: chunked\r\n"
      : `content-length: ${this.#length}\r\n`;
  }

  /**
   * Writes piece by piece: the next one is asked for when the last was taken.
   *
   * @returns what the upstream's connection must be broken off for; an upstream that stops reading may have answered
   */
  async run(): Promise<FailureKind | undefined> {
    let left = this.#length ?? Infinity;
    try {
      for (;;) {
        const { done, value } = await this.#reader.read();
        if (this.#stopped) return undefined;
        if (done) break;
        left -= value.length;
        if (left < 0) return "request_body";
        const octets = this.#length === undefined ? chunk(value, 0, value.length) : value;
        if (octets.length > 0 && !(await this.#wire.write(octets))) return undefined;
      }
    } catch {
      return "request_body";
    }
    if (this.#length === undefined) this.complete = await this.#wire.write(lastChunk());
    else this.complete = left === 0;
    return left === 0 || this.#length === undefined ? undefined : "request_body";
  }

  /** Gives up what is left. */
  stop(): void {
    this.#stopped = true;
    void this.#reader.cancel().catch(() => {});
  }
}
