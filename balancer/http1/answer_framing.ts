import type { BodyFraming } from "./body_framing.ts";
import { ascii } from "./octets.ts";
import type { ResponseHead } from "./response_head.ts";

/**
 * How the body of an answer gets to the client:
 *
 * - `verbatim`: as it came
 * - `dechunked`: its data alone, to a client of HTTP/1.0, which knows no chunks
 * - `chunked`: in chunks, since it ends with the upstream's connection: so the client can tell an end from a break
 */
export type AnswerCoding = "verbatim" | "dechunked" | "chunked";

const LAST_CHUNK = ascii("0\r\n\r\n");
const NOTHING = new Uint8Array(0);

/** Sets up the framing of an answer's body (RFC 9112, section 6.3). */
export function frameAnswer(body: BodyFraming, head: ResponseHead, toHead: boolean): void {
  const { status } = head;
  if (toHead || status === 204 || status === 304) body.none();
  else if (head.chunked) body.chunked();
  else if (head.contentLength !== -1) body.length(head.contentLength);
  else body.untilClose();
}

/** How a body framed so gets to a client of this minor version of HTTP/1. */
export function answerCoding(body: BodyFraming, minor: number): AnswerCoding {
  if (body.framing === "chunked" && minor === 0) return "dechunked";
  if (body.framing === "close" && minor === 1) return "chunked";
  return "verbatim";
}

/** Octets of a body as they are sent on. The body has been told of them already but for `dechunked`. */
export function chunk(bytes: Uint8Array<ArrayBuffer>, start: number, end: number): Uint8Array<ArrayBuffer> {
  if (start === end) return NOTHING;
  const size = ascii(`${(end - start).toString(16)}\r\n`);
  const octets = new Uint8Array(size.length + end - start + 2);
  octets.set(size);
  octets.set(bytes.subarray(start, end), size.length);
  octets.set(LAST_CHUNK.subarray(1, 3), octets.length - 2);
  return octets;
}

/** What ends a body in chunks. */
export function lastChunk(): Uint8Array<ArrayBuffer> {
  return LAST_CHUNK;
}
