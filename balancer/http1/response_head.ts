import type { KnownField } from "./known_field.ts";
import { MessageError, type RefusalStatus } from "./message_error.ts";
import { MessageHead } from "./message_head.ts";
import { ascii, CR, DIGIT, LF, OCTET_CLASS, SP, TOKEN, VALUE } from "./octets.ts";

const INCOMPLETE = -1;
const PREFIX = ascii("HTTP/1.");
const STATUS_LENGTH = 3;

/** The head of a response: the status and what the fields say of framing and of the connection. */
export class ResponseHead extends MessageHead {
  status = 0;
  /** Position of the digit that tells HTTP/1.0 from HTTP/1.1. */
  minorAt = 0;
  hasRequestId = false;
  /** Whether it has a `Date`. */
  dated = false;
  upgradeStart = 0;
  upgradeEnd = 0;

  protected override readonly nameClass = TOKEN;
  protected override readonly tooLargeStatus: RefusalStatus = 431;

  override reset(): void {
    super.reset();
    this.hasRequestId = this.dated = false;
    this.upgradeEnd = 0;
  }

  /** An interim answer: another head follows. */
  get interim(): boolean {
    return this.status < 200 && this.status !== 101;
  }

  protected override startLine(bytes: Uint8Array, at: number, end: number): number {
    const statusAt = at + PREFIX.length + 2;
    for (let i = 0; i < PREFIX.length && at + i < end; i++) {
      if (bytes[at + i] !== PREFIX[i]) throw new MessageError(400, "The answer is not HTTP/1.1");
    }
    if (statusAt + STATUS_LENGTH + 2 > end) return INCOMPLETE;
    this.#readStatus(bytes, at + PREFIX.length, statusAt);
    let line = statusAt + STATUS_LENGTH;
    // The space after the status is missing in the answers of many servers that give no reason.
    if (bytes[line] === SP) line++;
    else if (bytes[line] !== CR) throw new MessageError(400, "The status has more than three digits");
    while (line < end && ((OCTET_CLASS[bytes[line] ?? 0] ?? 0) & VALUE) !== 0) line++;
    if (line + 1 >= end) return INCOMPLETE;
    if (bytes[line] !== CR || bytes[line + 1] !== LF) {
      throw new MessageError(400, "The status line has no proper end");
    }
    return line + 2;
  }

  protected override startLineTooLong(): MessageError {
    return new MessageError(431, "The status line is too long");
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
      case "content-length":
        this.readContentLength(bytes, start, end);
        // A server that says how long nothing is: RFC 9110, section 8.6, forbids it with 1xx and 204.
        if (this.status < 200 || this.status === 204) this.drop(line, next);
        return;
      case "transfer-encoding":
        return this.readTransferEncoding(bytes, start, end);
      case "connection":
        this.readConnection(bytes, start, end);
        return this.drop(line, next);
      case "upgrade":
        this.upgradeStart = start;
        this.upgradeEnd = end;
        return this.drop(line, next);
      case "keep-alive":
      case "proxy-connection":
      case "proxy-authenticate":
      case "te":
        return this.drop(line, next);
      case "x-request-id":
        this.hasRequestId = true;
        return;
      case "date":
        this.dated = true;
        return;
      default:
        return;
    }
  }

  protected override check(): void {
    if (!this.chunked) return;
    if (this.contentLength !== -1) {
      throw new MessageError(400, "The answer has Content-Length and Transfer-Encoding");
    }
    if (this.minor === 0) throw new MessageError(400, "The answer is HTTP/1.0 with Transfer-Encoding");
    if (this.status < 200 || this.status === 204) {
      throw new MessageError(400, "The answer has Transfer-Encoding and no body");
    }
  }

  #readStatus(bytes: Uint8Array, minorAt: number, statusAt: number): void {
    const minor = bytes[minorAt];
    if (minor !== 0x30 && minor !== 0x31) throw new MessageError(400, "The answer is not HTTP/1.1");
    if (bytes[statusAt - 1] !== SP) throw new MessageError(400, "The status line has no status");
    let status = 0;
    for (let i = statusAt; i < statusAt + STATUS_LENGTH; i++) {
      const octet = bytes[i] ?? 0;
      if (((OCTET_CLASS[octet] ?? 0) & DIGIT) === 0) {
        throw new MessageError(400, "The status line has no status");
      }
      status = status * 10 + octet - 0x30;
    }
    if (status < 100 || status > 599) throw new MessageError(400, "The status is out of range");
    this.minor = minor - 0x30;
    this.minorAt = minorAt;
    this.status = status;
  }
}
