import type { Crossing } from "./door.ts";
import { ascii, ONE } from "./octets.ts";
import type { ResponseHead } from "./response_head.ts";
import type { Wire } from "./wire.ts";

const CLOSE = ascii("Connection: close\r\n");
const KEEP_ALIVE = ascii("Connection: keep-alive\r\n");
const UPGRADE = ascii("Connection: upgrade\r\nUpgrade: ");
const CHUNKED = ascii("Transfer-Encoding: chunked\r\n");
/** Room for the fields above. */
const FIXED_ROOM = 256;

/** Our `Via` line, alone and with the name of the field for the request's id behind it, for one copy to put both. */
interface ViaLine {
  readonly alone: Uint8Array;
  readonly withRequestId: Uint8Array;
}

/** Our `Via` lines, by the version that the answer came in. */
export interface ViaLines {
  readonly http10: ViaLine;
  readonly http11: ViaLine;
}

/** The `Via` lines of answers under this name (RFC 9110, section 7.6.3). */
export function viaLines(pseudonym: string): ViaLines {
  return { http10: viaLine(`1.0 ${pseudonym}`), http11: viaLine(`1.1 ${pseudonym}`) };
}

function viaLine(hop: string): ViaLine {
  return { alone: ascii(`Via: ${hop}\r\n`), withRequestId: ascii(`Via: ${hop}\r\nx-request-id: `) };
}

/** What a response gets on its way. */
export interface ResponseAdditions {
  readonly via: ViaLines;
  /** The request's id; `undefined` to add none. */
  readonly requestId: Uint8Array | undefined;
  /** What the client is told about the connection; `silent` where HTTP/1.1's default says it. */
  readonly connection: "close" | "keep-alive" | "upgrade" | "silent";
  /** The body has no framing of its own and gets chunks. */
  readonly chunked: boolean;
}

/** Puts the head of a response together as its crossing has it. */
export function composeCrossing(
  wire: Wire,
  head: ResponseHead,
  { crossing, connection, chunked }: ResponseAdditions & { readonly crossing: Crossing },
): void {
  wire.compose();
  crossing.putAnswer(wire, head);
  wire.reserve(FIXED_ROOM);
  if (connection !== "silent") putConnection(wire, head, connection);
  if (chunked) wire.put(CHUNKED);
  wire.putLineEnd();
}

/** Puts the head of a response together as it goes to the client. */
export function composeResponse(wire: Wire, head: ResponseHead, additions: ResponseAdditions): void {
  const { requestId, connection } = additions;
  const via = head.minor === 0 ? additions.via.http10 : additions.via.http11;
  head.dropNominated(wire.bytes);
  wire.compose();
  wire.reserve(head.end - wire.start + via.withRequestId.length + (requestId?.length ?? 0) + FIXED_ROOM);
  copyHead(wire, head);
  if (requestId === undefined || head.hasRequestId) {
    wire.put(via.alone);
  } else {
    wire.put(via.withRequestId);
    wire.put(requestId);
    wire.putLineEnd();
  }
  // A server without a clock: RFC 9110, section 6.6.1, has the recipient put the time in its place.
  if (!head.dated && !head.interim) wire.putText(`Date: ${new Date().toUTCString()}\r\n`);
  if (connection !== "silent") putConnection(wire, head, connection);
  if (additions.chunked) wire.put(CHUNKED);
  wire.putLineEnd();
}

function copyHead(wire: Wire, head: ResponseHead): void {
  const { dropped, drops, end } = head;
  // The version is this proxy's own (RFC 9110, section 2.5).
  if (head.minor === 0) wire.bytes[head.minorAt] = ONE;
  let from = wire.start;
  for (let i = 0; i <= drops; i += 2) {
    const to = i < drops ? dropped[i] ?? 0 : end - 2;
    if (to > from) wire.copy(from, to);
    from = dropped[i + 1] ?? to;
  }
}

function putConnection(wire: Wire, head: ResponseHead, connection: "close" | "keep-alive" | "upgrade"): void {
  switch (connection) {
    case "close":
      return wire.put(CLOSE);
    case "keep-alive":
      return wire.put(KEEP_ALIVE);
    case "upgrade":
      wire.put(UPGRADE);
      wire.copy(head.upgradeStart, head.upgradeEnd);
      return wire.putLineEnd();
  }
}
