import { MessageError } from "./message_error.ts";
import {
  ascii,
  COLON,
  CR,
  equalsIgnoringCase,
  HEX_VALUE,
  HTAB,
  LF,
  OCTET_CLASS,
  SP,
  TOKEN,
  VALUE,
} from "./octets.ts";

const State = {
  Size: 0,
  SizeLineFeed: 1,
  Data: 2,
  DataReturn: 3,
  DataLineFeed: 4,
  TrailerStart: 5,
  TrailerName: 6,
  TrailerValue: 7,
  TrailerLineFeed: 8,
  LastLineFeed: 9,
  Complete: 10,
} as const;

/** 13 hexadecimal digits count every octet below 2^52, and no shift or product overflows on the way. */
const LONGEST_SIZE = 13;
const LONGEST_TRAILERS = 8_192;
const LONGEST_TRAILER_NAME = 64;

/** Fields that would change how the message is framed, routed or trusted: no trailer may be one (RFC 9110, section 6.5.1). */
const FORBIDDEN_TRAILERS = [
  "connection",
  "content-encoding",
  "content-length",
  "content-range",
  "content-type",
  "authorization",
  "expect",
  "forwarded",
  "host",
  "keep-alive",
  "max-forwards",
  "proxy-authorization",
  "proxy-connection",
  "set-cookie",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "via",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
].map(ascii);

/**
 * Follows a chunked body (RFC 9112, section 7.1) octet by octet where there is structure, and past the data in one step.
 * Stricter than it must be: no chunk extensions, no white space around a size, no more than 13 digits in one.
 */
export class ChunkScanner {
  #state: number = State.Size;
  #size = 0;
  #digits = 0;
  #trailers = 0;
  readonly #name = new Uint8Array(LONGEST_TRAILER_NAME);
  #nameLength = 0;

  get complete(): boolean {
    return this.#state === State.Complete;
  }

  reset(): void {
    this.#state = State.Size;
    this.#size =
      this.#digits =
      this.#trailers =
      this.#nameLength =
        0;
  }

  /**
   * @param onData told each span of data
   * @returns the position after the last octet that belongs to the body
   * @throws {MessageError} when the chunks break the rules
   */
  scan(bytes: Uint8Array, start: number, end: number, onData?: (start: number, end: number) => void): number {
    let at = start;
    while (at < end && this.#state !== State.Complete) {
      if (this.#state === State.Data) {
        const taken = Math.min(this.#size, end - at);
        onData?.(at, at + taken);
        this.#size -= taken;
        at += taken;
        if (this.#size === 0) this.#state = State.DataReturn;
      } else {
        this.#step(bytes[at++] ?? 0);
      }
    }
    return at;
  }

  #step(octet: number): void {
    switch (this.#state) {
      case State.Size:
        return this.#sizeOctet(octet);
      case State.SizeLineFeed:
        expect(octet, LF, "A chunk size is not followed by a line end");
        this.#state = this.#size === 0 ? State.TrailerStart : State.Data;
        this.#digits = 0;
        return;
      case State.DataReturn:
        expect(octet, CR, "A chunk is longer than its size");
        this.#state = State.DataLineFeed;
        return;
      case State.DataLineFeed:
        expect(octet, LF, "A chunk is longer than its size");
        this.#state = State.Size;
        return;
      case State.LastLineFeed:
        expect(octet, LF, "The trailers do not end with a line end");
        this.#state = State.Complete;
        return;
      default:
        return this.#trailerOctet(octet);
    }
  }

  #sizeOctet(octet: number): void {
    if (octet === CR && this.#digits > 0) {
      this.#state = State.SizeLineFeed;
      return;
    }
    const digit = HEX_VALUE[octet] ?? 255;
    if (digit === 255) {
      throw new MessageError(
        400,
        this.#digits === 0 ? "A chunk has no size" : "A chunk size has an extension or no line end",
      );
    }
    if (++this.#digits > LONGEST_SIZE) throw new MessageError(400, "A chunk size is too large");
    this.#size = this.#size * 16 + digit;
  }

  #trailerOctet(octet: number): void {
    if (++this.#trailers > LONGEST_TRAILERS) throw new MessageError(431, "The trailers are too long");
    switch (this.#state) {
      case State.TrailerStart:
        if (octet === CR) {
          this.#state = State.LastLineFeed;
          return;
        }
        this.#nameLength = 0;
        this.#state = State.TrailerName;
        return this.#trailerName(octet);
      case State.TrailerName:
        return this.#trailerName(octet);
      case State.TrailerValue:
        if (octet === CR) this.#state = State.TrailerLineFeed;
        else if (((OCTET_CLASS[octet] ?? 0) & VALUE) === 0) {
          throw new MessageError(400, "A trailer has a control character");
        }
        return;
      default:
        expect(octet, LF, "A carriage return stands alone");
        this.#state = State.TrailerStart;
    }
  }

  #trailerName(octet: number): void {
    if (octet === COLON && this.#nameLength > 0) {
      const forbidden = FORBIDDEN_TRAILERS.some((name) =>
        equalsIgnoringCase(this.#name, 0, this.#nameLength, name)
      );
      if (forbidden) throw new MessageError(400, "A trailer is a field that must come before the body");
      this.#state = State.TrailerValue;
      return;
    }
    if (octet === SP || octet === HTAB || ((OCTET_CLASS[octet] ?? 0) & TOKEN) === 0) {
      throw new MessageError(400, "The name of a trailer has a character that is not allowed");
    }
    if (this.#nameLength >= LONGEST_TRAILER_NAME) {
      throw new MessageError(431, "The name of a trailer is too long");
    }
    this.#name[this.#nameLength++] = octet;
  }
}

function expect(octet: number, expected: number, detail: string): void {
  if (octet !== expected) throw new MessageError(400, detail);
}
