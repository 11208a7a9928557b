import { FrameHeader, FrameType, HEADER_LENGTH } from "./frame.ts";

/** Told what is in a stream of octets, in its order. */
export interface FrameSink {
  /** A frame begins. */
  begin(header: FrameHeader): void;
  /** Octets of the data frame that has begun, as they come; they are overwritten afterwards. */
  content(bytes: Uint8Array<ArrayBuffer>, start: number, end: number): void;
  /** The frame has ended. */
  end(header: FrameHeader): void;
}

/** Takes octets apart into frames. The content of a data frame is handed on piece by piece, never gathered. */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #header = new FrameHeader();
  /** Octets that the data frame under way still has to bring. */
  #missing = 0;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /**
   * Reads `[0, end)`.
   *
   * @returns up to where it was used: less than a header may be left, to be read again with what follows it
   * @throws {YamuxError} `protocol` when what is there is no frame, and whatever the sink throws
   */
  read(bytes: Uint8Array<ArrayBuffer>, end: number): number {
    let at = 0;
    for (;;) {
      if (this.#missing > 0) {
        const to = Math.min(end, at + this.#missing);
        if (to === at) return at;
        this.#sink.content(bytes, at, to);
        this.#missing -= to - at;
        at = to;
        if (this.#missing === 0) this.#sink.end(this.#header);
        continue;
      }
      if (end - at < HEADER_LENGTH) return at;
      this.#header.read(bytes, at);
      at += HEADER_LENGTH;
      this.#sink.begin(this.#header);
      if (this.#header.type === FrameType.data) this.#missing = this.#header.length;
      if (this.#missing === 0) this.#sink.end(this.#header);
    }
  }
}
