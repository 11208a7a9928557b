import { STATUS_TEXT } from "@std/http/status";
import { ascii, fromLatin1, latin1 } from "./octets.ts";

/** An answer that the proxy gives itself. */
export interface OwnAnswer {
  readonly status: number;
  /** @default the reason phrase of the status */
  readonly title?: string;
  readonly detail: string;
  /** Seconds, for `Retry-After`. @default none */
  readonly retryAfter?: number | undefined;
}

/** What the answer has to go by. */
export interface OwnAnswerContext {
  readonly requestId: Uint8Array;
  /** Whether the connection is closed after it. */
  readonly close: boolean;
  /** Whether the request was `HEAD`. */
  readonly headOnly: boolean;
}

/** A problem answer (RFC 9457) as octets. */
export function problemOctets(answer: OwnAnswer, context: OwnAnswerContext): Uint8Array<ArrayBuffer> {
  const { status, detail, retryAfter, title = STATUS_TEXT[status] ?? "Error" } = answer;
  const id = latin1(context.requestId, 0, context.requestId.length);
  const problem = { type: "about:blank", title, status, detail, request_id: id };
  const body = ascii(JSON.stringify(problem) + "\n");
  const head = ascii(
    `HTTP/1.1 ${status} ${title}\r\nContent-Type: application/problem+json\r\nContent-Length: ${body.length}\r\n` +
      `Cache-Control: no-store\r\nDate: ${new Date().toUTCString()}\r\nx-request-id: ${id}\r\n` +
      (retryAfter === undefined ? "" : `Retry-After: ${retryAfter}\r\n`) +
      (context.close ? "Connection: close\r\n\r\n" : "\r\n"),
  );
  return context.headOnly ? head : concat(head, body);
}

/** A response of one of the listener's own endpoints as octets. */
export async function responseOctets(
  response: Response,
  context: OwnAnswerContext,
): Promise<Uint8Array<ArrayBuffer>> {
  const body = new Uint8Array(await response.arrayBuffer());
  const { status, headers } = response;
  let lines = status !== 204 && status !== 304 ? `Content-Length: ${body.length}\r\n` : "";
  if (!headers.has("x-request-id")) {
    lines += `x-request-id: ${latin1(context.requestId, 0, context.requestId.length)}\r\n`;
  }
  if (context.close) lines += "Connection: close\r\n";
  const octets = responseHead(response, lines);
  return context.headOnly ? octets : concat(octets, body);
}

/** Fields that the listener has the say about. */
const FRAMING: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "keep-alive",
  "transfer-encoding",
]);

/** The head of a response, with these lines for framing and connection. */
export function responseHead(response: Response, lines: string): Uint8Array<ArrayBuffer> {
  const { status, statusText, headers } = response;
  let head = `HTTP/1.1 ${status} ${statusText || (STATUS_TEXT[status] ?? "")}\r\n`;
  for (const [name, value] of headers) if (!FRAMING.has(name)) head += `${name}: ${value}\r\n`;
  if (!headers.has("date")) head += `Date: ${new Date().toUTCString()}\r\n`;
  // A header value is a string of octets, one a character.
  return fromLatin1(`${head}${lines}\r\n`);
}

/** Octets one after the other. */
export function concat(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(a.length + b.length);
  whole.set(a);
  whole.set(b, a.length);
  return whole;
}
