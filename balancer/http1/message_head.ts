import type { HeadLimits } from "./head_limits.ts";
import { type KnownField, knownField } from "./known_field.ts";
import { MessageError, type RefusalStatus } from "./message_error.ts";
import {
  ascii,
  COLON,
  CR,
  DIGIT,
  equalsIgnoringCase,
  HTAB,
  latin1,
  LF,
  NAME,
  OCTET_CLASS,
  SP,
  TOKEN,
  VALUE,
} from "./octets.ts";

/** Numbers kept of a field: where its line begins, where its colon is, and where the next line begins. */
const SPAN = 3;
const INCOMPLETE = -1;
const CONTENT_LENGTH_DIGITS = 15;
const CHUNKED = ascii("chunked");
const KEEP_ALIVE = ascii("keep-alive");
const CLOSE = ascii("close");

/**
 * Fields that `Connection` may not take away although it names them: a client could otherwise have the proxy drop what frames the
 * message or what an upstream relies on (RFC 9110, section 7.6.1, forbids naming them).
 */
const PROTECTED: ReadonlySet<string> = new Set([
  "authorization",
  "cache-control",
  "content-length",
  "content-type",
  "cookie",
  "forwarded",
  "host",
  "transfer-encoding",
  "via",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-request-id",
]);

/**
 * Reads the head of a message from a buffer without decoding it: what it finds are positions. It is strict, and it may be
 * called again with more octets until the head is complete; where the octets were split makes no difference.
 *
 * One object serves one connection and is used for one message after another.
 */
export abstract class MessageHead {
  /** Whether all of it was read. */
  complete = false;
  /** Position after the empty line. */
  end = 0;
  /** Position of the first field line. */
  fields = 0;
  /** Value of `Content-Length`; -1 without. */
  contentLength = -1;
  /** `Transfer-Encoding: chunked`. */
  chunked = false;
  /** The minor version of HTTP/1. */
  minor = 1;
  /** `Connection: close`. */
  closes = false;
  /** `Connection: keep-alive`. */
  keepsAlive = false;
  /** `Connection: upgrade`. */
  upgrades = false;
  /** What else `Connection` names, in lower case: fields that concern this connection alone. */
  readonly nominated: string[] = [];
  /** Lines that are not passed on, as pairs of positions in ascending order. */
  readonly dropped: number[] = [];
  /** How many numbers of {@linkcode dropped} count; those behind are of earlier messages, kept for their room. */
  drops = 0;

  protected readonly limits: HeadLimits;
  /** Which octets a field name is made of. */
  protected abstract readonly nameClass: number;
  /** The status for a line or a head that is too long. */
  protected abstract readonly tooLargeStatus: RefusalStatus;
  #begin = 0;
  #next = -1;
  #scanned = 0;
  #fieldCount = 0;
  /** Where each field line begins, has its colon, and ends; those behind {@linkcode #fieldCount} are of earlier messages. */
  #spans = new Int32Array(SPAN * 24);
  #begun = false;

  constructor(limits: HeadLimits) {
    this.limits = limits;
  }

  /** Forgets the message, so that the next call of {@linkcode parse} begins another one. */
  reset(): void {
    this.complete = false;
    this.#next = -1;
    this.#begun = false;
    this.#fieldCount = 0;
    this.contentLength = -1;
    this.chunked = false;
    this.minor = 1;
    this.closes = this.keepsAlive = this.upgrades = false;
    if (this.nominated.length > 0) this.nominated.length = 0;
    this.drops = 0;
  }

  /**
   * Reads on. The message begins at `start`, and the buffer is filled up to `end`; when it is called again for the same message,
   * the octets seen before are still in their place.
   *
   * @returns whether the head is complete
   * @throws {MessageError} when the message is to be refused
   */
  parse(bytes: Uint8Array, start: number, end: number): boolean {
    let at = this.#next;
    if (at === -1) {
      at = this.#begin = this.#next = start;
    } else if (!this.#hasLineEnd(bytes, at, end)) {
      return this.#wait(at, end);
    }
    if (!this.#begun) {
      at = this.startLine(bytes, at, end);
      if (at === INCOMPLETE) return this.#wait(this.#next, end);
      if (at - this.#next > this.limits.startLine) throw this.startLineTooLong();
      this.#begun = true;
      this.fields = this.#next = at;
    }
    for (;;) {
      if (bytes[at] === CR && at + 1 < end) return this.#finish(bytes, at);
      const next = this.#fieldLine(bytes, at, end);
      if (next === INCOMPLETE) return this.#wait(at, end);
      this.#next = at = next;
    }
  }

  /** A field of a complete head, several lines joined by `", "`; `name` is in lower case. Looks at every line. */
  text(bytes: Uint8Array, name: Uint8Array): string | undefined {
    let text: string | undefined;
    this.lines((line, colon, next) => {
      if (!equalsIgnoringCase(bytes, line, colon, name)) return;
      const value = latin1(bytes, colon + 1, next - 2).trim();
      text = text === undefined ? value : `${text}, ${value}`;
    });
    return text;
  }

  /** Tells each field line of a complete head: where it begins, where its colon is, and where the next one begins. */
  lines(visit: (line: number, colon: number, next: number) => void): void {
    const spans = this.#spans;
    const end = this.#fieldCount * SPAN;
    for (let i = 0; i < end; i += SPAN) visit(spans[i] ?? 0, spans[i + 1] ?? 0, spans[i + 2] ?? 0);
  }

  /** The fields of a complete head, decoded (ISO 8859-1). */
  *entries(bytes: Uint8Array): Generator<[name: string, value: string]> {
    for (let i = 0; i < this.#fieldCount * SPAN; i += SPAN) {
      const [line = 0, colon = 0, next = 0] = this.#spans.subarray(i, i + SPAN);
      yield [latin1(bytes, line, colon), latin1(bytes, colon + 1, next - 2).trim()];
    }
  }

  /** Drops the lines of fields that `Connection` names (RFC 9110, section 7.6.1). */
  dropNominated(bytes: Uint8Array): void {
    if (this.nominated.length === 0) return;
    for (const name of this.nominated) this.#dropNamed(bytes, ascii(name));
    sortPairs(this.dropped, this.drops);
  }

  /** Reads the first line; -1 when it is not complete, otherwise the position after it. */
  protected abstract startLine(bytes: Uint8Array, at: number, end: number): number;
  protected abstract startLineTooLong(): MessageError;
  /** Told each known field; the span is its value without the white space around it. */
  protected abstract field(
    name: KnownField,
    bytes: Uint8Array,
    line: number,
    start: number,
    end: number,
    next: number,
  ): void;
  /** Checks what concerns several fields, once the head is complete. */
  protected abstract check(bytes: Uint8Array): void;

  /** Notes that a line is not passed on. */
  protected drop(line: number, next: number): void {
    this.dropped[this.drops++] = line;
    this.dropped[this.drops++] = next;
  }

  /** Reads a `Connection` value; the two that nearly every message has are not decoded. */
  protected readConnection(bytes: Uint8Array, start: number, end: number): void {
    if (equalsIgnoringCase(bytes, start, end, KEEP_ALIVE)) {
      this.keepsAlive = true;
    } else if (equalsIgnoringCase(bytes, start, end, CLOSE)) {
      this.closes = true;
    } else {
      for (const option of latin1(bytes, start, end).toLowerCase().split(",")) this.#option(option.trim());
    }
  }

  /** Reads a `Content-Length` (RFC 9110, section 8.6): one of them, digits only. */
  protected readContentLength(bytes: Uint8Array, start: number, end: number): void {
    if (this.contentLength !== -1) throw new MessageError(400, "Content-Length is given more than once");
    const digits = end - start;
    if (digits < 1 || digits > CONTENT_LENGTH_DIGITS) {
      throw new MessageError(400, "Content-Length is no length");
    }
    let length = 0;
    for (let i = start; i < end; i++) {
      const octet = bytes[i] ?? 0;
      if (((OCTET_CLASS[octet] ?? 0) & DIGIT) === 0) {
        throw new MessageError(400, "Content-Length is no length");
      }
      length = length * 10 + octet - 0x30;
    }
    this.contentLength = length;
  }

  /** Reads a `Transfer-Encoding`: `chunked`, once, and nothing else. */
  protected readTransferEncoding(bytes: Uint8Array, start: number, end: number): void {
    if (this.chunked) throw new MessageError(400, "Transfer-Encoding is given more than once");
    if (equalsIgnoringCase(bytes, start, end, CHUNKED)) {
      this.chunked = true;
      return;
    }
    for (let i = start; i < end; i++) {
      if (((OCTET_CLASS[bytes[i] ?? 0] ?? 0) & NAME) === 0) {
        throw new MessageError(400, "Transfer-Encoding must be chunked alone");
      }
    }
    throw new MessageError(end === start ? 400 : 501, "Transfer-Encoding is not supported but for chunked");
  }

  #fieldLine(bytes: Uint8Array, line: number, end: number): number {
    const classes = OCTET_CLASS;
    const nameClass = this.nameClass;
    let at = line;
    while (at < end && ((classes[bytes[at] ?? 0] ?? 0) & nameClass) !== 0) at++;
    const colon = at;
    if (at === end) return INCOMPLETE;
    if (bytes[at] !== COLON || at === line) return this.#noName(bytes, line, at, end);
    do at++; while (at < end && (bytes[at] === SP || bytes[at] === HTAB));
    const start = at;
    while (at < end && ((classes[bytes[at] ?? 0] ?? 0) & VALUE) !== 0) at++;
    if (at + 1 >= end) {
      if (at < end && bytes[at] !== CR) throw badLineEnd(bytes[at]);
      return INCOMPLETE;
    }
    if (bytes[at] !== CR || bytes[at + 1] !== LF) throw badLineEnd(bytes[at]);
    const next = at + 2;
    if (next - line > this.limits.fieldLine) throw this.#tooLarge("A header field is too long");
    this.#note(line, colon, next);
    const known = knownField(bytes, line, colon);
    if (known !== undefined) {
      while (at > start && (bytes[at - 1] === SP || bytes[at - 1] === HTAB)) at--;
      this.field(known, bytes, line, start, at, next);
    }
    return next;
  }

  #note(line: number, colon: number, next: number): void {
    const at = this.#fieldCount++ * SPAN;
    if (this.#fieldCount > this.limits.fields) throw this.#tooLarge("There are too many header fields");
    if (at === this.#spans.length) this.#grow();
    this.#spans[at] = line;
    this.#spans[at + 1] = colon;
    this.#spans[at + 2] = next;
  }

  #grow(): void {
    const grown = new Int32Array(this.#spans.length * 2);
    grown.set(this.#spans);
    this.#spans = grown;
  }

  #noName(bytes: Uint8Array, line: number, at: number, end: number): number {
    if (bytes[at] === CR && at === line && at + 1 === end) return INCOMPLETE;
    throw badName(bytes, line, at);
  }

  #finish(bytes: Uint8Array, at: number): boolean {
    if (bytes[at + 1] !== LF) throw badLineEnd(CR);
    this.end = at + 2;
    if (this.end - this.#begin > this.limits.head) throw this.#tooLarge("The head is too long");
    this.check(bytes);
    this.complete = true;
    return true;
  }

  /** An unfinished line is read again only once its end has come, so that octets that drip in cost no more. */
  #hasLineEnd(bytes: Uint8Array, line: number, end: number): boolean {
    const lf = bytes.indexOf(LF, Math.max(line, this.#scanned));
    return lf !== -1 && lf < end;
  }

  #wait(line: number, end: number): boolean {
    this.#next = line;
    this.#scanned = end;
    if (!this.#begun && end - line > this.limits.startLine) throw this.startLineTooLong();
    if (this.#begun && end - line > this.limits.fieldLine) throw this.#tooLarge("A header field is too long");
    if (end - this.#begin > this.limits.head) throw this.#tooLarge("The head is too long");
    return false;
  }

  #option(option: string): void {
    if (option === "close") this.closes = true;
    else if (option === "keep-alive") this.keepsAlive = true;
    else if (option === "upgrade") this.upgrades = true;
    else if (!PROTECTED.has(option) && isToken(option)) this.nominated.push(option);
  }

  #tooLarge(detail: string): MessageError {
    return new MessageError(this.tooLargeStatus, detail);
  }

  #dropNamed(bytes: Uint8Array, name: Uint8Array): void {
    this.lines((line, colon, next) => {
      if (equalsIgnoringCase(bytes, line, colon, name) && !this.#isDropped(line)) this.drop(line, next);
    });
  }

  #isDropped(line: number): boolean {
    for (let i = 0; i < this.drops; i += 2) if (this.dropped[i] === line) return true;
    return false;
  }
}

function isToken(text: string): boolean {
  for (const octet of ascii(text)) if (((OCTET_CLASS[octet] ?? 0) & TOKEN) === 0) return false;
  return text !== "";
}

/** Puts pairs in ascending order; there are few, and most are in order. */
function sortPairs(pairs: number[], length: number): void {
  for (let i = 2; i < length; i += 2) {
    for (let j = i; j > 0 && (pairs[j - 2] ?? 0) > (pairs[j] ?? 0); j -= 2) {
      const pair = pairs.splice(j, 2);
      pairs.splice(j - 2, 0, ...pair);
    }
  }
}

function badName(bytes: Uint8Array, line: number, at: number): MessageError {
  const octet = bytes[at];
  if (at === line && (octet === SP || octet === HTAB)) {
    return new MessageError(400, "A header field is folded over several lines");
  }
  if (octet === SP || octet === HTAB) return new MessageError(400, "White space stands before a colon");
  if (octet === LF) return new MessageError(400, "A line ends without a carriage return");
  return new MessageError(400, "The name of a header field has a character that is not allowed");
}

function badLineEnd(octet: number | undefined): MessageError {
  if (octet === LF) return new MessageError(400, "A line ends without a carriage return");
  if (octet === CR) return new MessageError(400, "A carriage return stands alone");
  return new MessageError(400, "A header field has a control character");
}
