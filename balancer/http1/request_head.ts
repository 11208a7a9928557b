import { afterAuthority, isAuthority, isDigit } from "./authority.ts";
import type { HeadLimits } from "./head_limits.ts";
import type { KnownField } from "./known_field.ts";
import { MessageError, type RefusalStatus } from "./message_error.ts";
import { MessageHead } from "./message_head.ts";
import {
  ascii,
  ASTERISK,
  CR,
  equals,
  equalsIgnoringCase,
  IDENTIFIER,
  LF,
  NAME,
  NINE,
  OCTET_CLASS,
  PATH,
  QUERY,
  QUESTION,
  SLASH,
  SP,
  ZERO,
} from "./octets.ts";

const INCOMPLETE = -1;
const LONGEST_METHOD = 32;
const LONGEST_MAX_FORWARDS = 9;
const LONGEST_REQUEST_ID = 128;
const VERSION_LENGTH = 8;
const HTTP = ascii("HTTP/");
const CONTINUE = ascii("100-continue");
const CONNECT = ascii("CONNECT");
const TRACE = ascii("TRACE");
const OPTIONS = ascii("OPTIONS");
const GET = ascii("GET");
const HEAD = ascii("HEAD");

/** The methods that the proxy treats in a way of their own; every other one is `other`. */
export type Method = "GET" | "HEAD" | "OPTIONS" | "other";

/** How strict a listener is where the standard leaves a choice. */
export interface RequestRules {
  /**
   * Whether `GET` and `HEAD` may have a body. RFC 9110, section 9.3.1, gives it no meaning, and a server that takes it for the
   * next request lets one client's body poison another's connection.
   */
  readonly bodyOnGet: boolean;
  /** Whether this listener continues traces, so that it writes `traceparent` itself. */
  readonly tracing: boolean;
}

/** The head of a request: the request line and what the fields say of framing and of the connection. */
export class RequestHead extends MessageHead {
  method: Method = "other";
  methodStart = 0;
  methodEnd = 0;
  /** The request target as it came. */
  targetStart = 0;
  targetEnd = 0;
  /** What is passed on as the target: the part after the authority when the target is in absolute form. */
  pathStart = 0;
  hostStart = 0;
  /** 0 when there is no `Host`, which only HTTP/1.0 allows. */
  hostEnd = 0;
  /** 0 when there is no `x-request-id` that may be kept. */
  requestIdStart = 0;
  requestIdEnd = 0;
  /** The client's `traceparent`, where that is not passed on; 0 without. */
  traceStart = 0;
  traceEnd = 0;
  /** Whether the client says that nobody records its trace. */
  unrecorded = false;
  expectsContinue = false;
  /** Position of `Upgrade`'s value; 0 without. */
  upgradeStart = 0;
  upgradeEnd = 0;
  teStart = 0;
  teEnd = 0;
  maxForwardsStart = 0;
  maxForwardsEnd = 0;
  /** Whether a field that says for whom the request is forwarded came with it. */
  forwarded = false;
  /** Begin and end of what the request says of where it came from: the value of `Host`, and the lines of such fields. */
  readonly originSpans: number[] = [];

  protected override readonly nameClass = NAME;
  protected override readonly tooLargeStatus: RefusalStatus = 431;
  readonly #rules: RequestRules;
  /** How many numbers of {@linkcode originSpans} are of this request; the rest is cut off at its end. */
  #originNumbers = 0;

  constructor(limits: HeadLimits, rules: RequestRules) {
    super(limits);
    this.#rules = rules;
  }

  override reset(): void {
    super.reset();
    this.hostEnd = 0;
    this.requestIdStart = 0;
    this.requestIdEnd = 0;
    this.traceEnd = 0;
    this.unrecorded = false;
    this.expectsContinue = false;
    this.upgradeEnd = 0;
    this.teEnd = 0;
    this.maxForwardsEnd = 0;
    this.forwarded = false;
    this.#originNumbers = 0;
  }

  /** Whether a body follows. */
  get hasBody(): boolean {
    return this.chunked || this.contentLength > 0;
  }

  /**
   * Takes one from `Max-Forwards` in place (RFC 9110, section 7.6.2).
   *
   * @returns whether the request may be forwarded
   */
  countForward(bytes: Uint8Array): boolean {
    for (let at = this.maxForwardsEnd - 1; at >= this.maxForwardsStart && this.maxForwardsEnd !== 0; at--) {
      const octet = bytes[at] ?? 0;
      bytes[at] = octet === ZERO ? NINE : octet - 1;
      if (octet !== ZERO) return true;
    }
    return this.maxForwardsEnd === 0;
  }

  protected override startLine(bytes: Uint8Array, at: number, end: number): number {
    // An empty line before the request line is ignored: RFC 9112, section 2.2.
    if (bytes[at] === CR) {
      if (at + 1 >= end) return INCOMPLETE;
      if (bytes[at + 1] !== LF) throw new MessageError(400, "A carriage return stands alone");
      at += 2;
    }
    const methodEnd = readMethod(bytes, at, end);
    if (methodEnd === INCOMPLETE) return INCOMPLETE;
    this.methodStart = at;
    this.methodEnd = methodEnd;
    const targetEnd = this.#readTarget(bytes, methodEnd + 1, end);
    if (targetEnd === INCOMPLETE) return INCOMPLETE;
    if (targetEnd + VERSION_LENGTH + 3 > end) return this.#awaitVersion(bytes, targetEnd + 1, end);
    this.minor = readVersion(bytes, targetEnd + 1);
    const line = targetEnd + 1 + VERSION_LENGTH;
    if (bytes[line] !== CR || bytes[line + 1] !== LF) {
      throw new MessageError(400, "The request line does not end after the version");
    }
    this.#recogniseMethod(bytes);
    return line + 2;
  }

  protected override startLineTooLong(): MessageError {
    return new MessageError(414, "The request target is too long");
  }

  protected override field(
    name: KnownField,
    bytes: Uint8Array,
    line: number,
    start: number,
    end: number,
    next: number,
  ): void {
    switch (name) {
      case "host":
        return this.#readHost(bytes, start, end);
      case "content-length":
        return this.readContentLength(bytes, start, end);
      case "transfer-encoding":
        return this.readTransferEncoding(bytes, start, end);
      case "connection":
        this.readConnection(bytes, start, end);
        return this.drop(line, next);
      case "x-request-id":
        return this.#readRequestId(bytes, line, start, end, next);
      case "traceparent":
        return this.#readTraceparent(bytes, line, start, end, next);
      case "expect":
        return this.#readExpect(bytes, line, start, end, next);
      case "upgrade":
        if (this.upgradeEnd !== 0) throw new MessageError(400, "Upgrade is given more than once");
        this.upgradeStart = start;
        this.upgradeEnd = end;
        return this.drop(line, next);
      case "te":
        this.teStart = start;
        this.teEnd = end;
        return this.drop(line, next);
      case "max-forwards":
        return this.#readMaxForwards(bytes, start, end);
      case "date":
        return;
      case "forwarded":
      case "x-forwarded-for":
      case "x-forwarded-host":
      case "x-forwarded-proto":
      case "x-forwarded-port":
      case "x-real-ip":
        this.forwarded = true;
        this.#keepOrigin(line, next);
        return this.drop(line, next);
      default:
        return this.drop(line, next);
    }
  }

  protected override check(): void {
    if (this.originSpans.length > this.#originNumbers) this.originSpans.length = this.#originNumbers;
    if (this.hostEnd === 0 && this.minor === 1) throw new MessageError(400, "Host is missing");
    if (this.chunked) {
      if (this.contentLength !== -1) {
        throw new MessageError(400, "Content-Length and Transfer-Encoding are both given");
      }
      if (this.minor === 0) throw new MessageError(400, "Transfer-Encoding is not known to HTTP/1.0");
    }
    if (this.hasBody && !this.#rules.bodyOnGet && (this.method === "GET" || this.method === "HEAD")) {
      throw new MessageError(400, "A GET or HEAD request has no body");
    }
  }

  #readTarget(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    while (at < end && ((OCTET_CLASS[bytes[at] ?? 0] ?? 0) & PATH) !== 0 && bytes[at] !== QUESTION) at++;
    if (bytes[at] === QUESTION && at < end) {
      while (at < end && ((OCTET_CLASS[bytes[at] ?? 0] ?? 0) & QUERY) !== 0) at++;
    }
    if (at >= end) {
      if (at - start > this.limits.startLine) throw this.startLineTooLong();
      return INCOMPLETE;
    }
    if (bytes[at] !== SP || at === start) {
      throw new MessageError(400, "The request target has a character that is not allowed");
    }
    this.targetStart = this.pathStart = start;
    this.targetEnd = at;
    if (bytes[start] !== SLASH) return at;
    if (bytes[start + 1] === SLASH) throw new MessageError(400, "The request target begins with two slashes");
    return at;
  }

  #awaitVersion(bytes: Uint8Array, start: number, end: number): number {
    for (let i = 0; i < HTTP.length && start + i < end; i++) {
      if (bytes[start + i] !== HTTP[i]) throw new MessageError(400, "The request line names no HTTP version");
    }
    return INCOMPLETE;
  }

  #recogniseMethod(bytes: Uint8Array): void {
    const { methodStart: start, methodEnd: end } = this;
    if (equals(bytes, start, end, GET)) this.method = "GET";
    else if (equals(bytes, start, end, HEAD)) this.method = "HEAD";
    else if (equals(bytes, start, end, OPTIONS)) this.method = "OPTIONS";
    else {
      if (equals(bytes, start, end, CONNECT) || equals(bytes, start, end, TRACE)) {
        throw new MessageError(501, "The method is not supported");
      }
      this.method = "other";
    }
    if (bytes[this.targetStart] === SLASH) return;
    if (bytes[this.targetStart] === ASTERISK && this.targetEnd - this.targetStart === 1) {
      if (this.method === "OPTIONS") return;
      throw new MessageError(400, "Only OPTIONS may have the target *");
    }
    this.pathStart = afterAuthority(bytes, this.targetStart, this.targetEnd);
  }

  #readHost(bytes: Uint8Array, start: number, end: number): void {
    if (this.hostEnd !== 0) throw new MessageError(400, "Host is given more than once");
    if (!isAuthority(bytes, start, end)) throw new MessageError(400, "Host is no name or address");
    if (this.pathStart !== this.targetStart) this.#compareAuthority(bytes, start, end);
    this.hostStart = start;
    this.hostEnd = end;
    this.#keepOrigin(start, end);
  }

  /** The requests of a connection say alike of their origin: an array that is emptied for each would take its room anew. */
  #keepOrigin(start: number, end: number): void {
    this.originSpans[this.#originNumbers++] = start;
    this.originSpans[this.#originNumbers++] = end;
  }

  /** RFC 9112, section 3.2.2, would have the target's authority win; two different ones are refused here. */
  #compareAuthority(bytes: Uint8Array, start: number, end: number): void {
    const authority = bytes.indexOf(SLASH, this.targetStart) + 2;
    const host = bytes.slice(start, end).map((octet) =>
      octet >= 0x41 && octet <= 0x5a ? octet | 0x20 : octet
    );
    if (!equalsIgnoringCase(bytes, authority, this.pathStart, host)) {
      throw new MessageError(400, "Host and the request target name different hosts");
    }
  }

  #readRequestId(bytes: Uint8Array, line: number, start: number, end: number, next: number): void {
    const length = end - start;
    let wellFormed = this.requestIdEnd === 0 && length > 0 && length <= LONGEST_REQUEST_ID;
    for (let i = start; wellFormed && i < end; i++) {
      wellFormed = ((OCTET_CLASS[bytes[i] ?? 0] ?? 0) & IDENTIFIER) !== 0;
    }
    if (!wellFormed) return this.drop(line, next);
    this.requestIdStart = start;
    this.requestIdEnd = end;
  }

  /** A caller that records nothing decides so for those behind it: then the field is passed on as it came. */
  #readTraceparent(bytes: Uint8Array, line: number, start: number, end: number, next: number): void {
    if (!this.#rules.tracing) return;
    const last = bytes[end - 1] ?? 0;
    this.unrecorded = isDigit(last) && last % 2 === 0;
    if (this.unrecorded) return;
    this.traceStart = start;
    this.traceEnd = end;
    this.drop(line, next);
  }

  #readMaxForwards(bytes: Uint8Array, start: number, end: number): void {
    let valid = this.maxForwardsEnd === 0 && start < end && end - start <= LONGEST_MAX_FORWARDS;
    for (let i = start; valid && i < end; i++) valid = isDigit(bytes[i]);
    if (!valid) throw new MessageError(400, "Max-Forwards is no number");
    this.maxForwardsStart = start;
    this.maxForwardsEnd = end;
  }

  #readExpect(bytes: Uint8Array, line: number, start: number, end: number, next: number): void {
    if (!equalsIgnoringCase(bytes, start, end, CONTINUE)) {
      throw new MessageError(417, "Only 100-continue may be expected");
    }
    // RFC 9110, section 10.1.1: an expectation from HTTP/1.0 is ignored.
    if (this.minor === 0) return this.drop(line, next);
    this.expectsContinue = true;
  }
}

function readMethod(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && ((OCTET_CLASS[bytes[at] ?? 0] ?? 0) & NAME) !== 0) at++;
  if (at - start > LONGEST_METHOD) throw new MessageError(501, "The method is not known");
  if (at === end) return INCOMPLETE;
  if (bytes[at] !== SP || at === start) throw new MessageError(400, "The request line begins with no method");
  return at;
}

/** Reads `HTTP/1.0` or `HTTP/1.1`; the octets are there. */
function readVersion(bytes: Uint8Array, start: number): number {
  const isVersion = equals(bytes, start, start + HTTP.length, HTTP) && isDigit(bytes[start + 5]) &&
    bytes[start + 6] === 0x2e && isDigit(bytes[start + 7]);
  if (!isVersion) throw new MessageError(400, "The request line names no HTTP version");
  const minor = (bytes[start + 7] ?? 0) - 0x30;
  if (bytes[start + 5] !== 0x31 || minor > 1) {
    throw new MessageError(505, "Only HTTP/1.1 and HTTP/1.0 are served");
  }
  return minor;
}
