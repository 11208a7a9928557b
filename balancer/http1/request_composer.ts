import { ascii, latin1, ONE, SLASH } from "./octets.ts";
import type { RequestHead } from "./request_head.ts";
import type { RequestIds } from "./request_id.ts";
import { TRUNK_PROTOCOL } from "./trunk_request.ts";
import type { Wire } from "./wire.ts";

/** The name of the field that {@linkcode RequestAdditions.origin} ends with. */
export const REQUEST_ID_NAME = "x-request-id: ";
const HOST = ascii("Host: ");
const UPGRADE = ascii("Connection: upgrade\r\nUpgrade: ");
const TE_TRAILERS = ascii("Connection: TE\r\nTE: trailers\r\n");
/** Room for the fields above, and for a line end after each. */
const FIXED_ROOM = 256;

/** What a request gets on its way. */
export interface RequestAdditions {
  /** Lines that tell where it came from, and {@linkcode REQUEST_ID_NAME} last, for one copy to put both. */
  readonly origin: Uint8Array;
  readonly ids: RequestIds;
  /** The line that continues a trace. @default none */
  readonly trace: Uint8Array | undefined;
  /** `Host` for a request of HTTP/1.0 that has none. */
  readonly authority: Uint8Array;
}

/**
 * Puts a request together as it goes to the upstream: the spans of the head that are passed on, what is added, and so much of the
 * body as is there. It stays in the wire until the next request, so that it can be sent again.
 */
export function composeRequest(wire: Wire, head: RequestHead, additions: RequestAdditions): void {
  head.dropNominated(wire.bytes);
  wire.compose();
  wire.reserve(
    head.end - head.methodStart + additions.origin.length + additions.authority.length + FIXED_ROOM,
  );
  const requestId = copyHead(wire, head);
  if (head.hostEnd === 0) putHost(wire, head, additions.authority);
  if (additions.trace !== undefined) wire.put(additions.trace);
  wire.put(additions.origin);
  if (requestId !== 0) wire.out -= REQUEST_ID_NAME.length;
  else putRequestId(wire, head, additions.ids);
  if (head.upgradeEnd !== 0 && mayUpgrade(wire.bytes, head)) {
    wire.put(UPGRADE);
    wire.copy(head.upgradeStart, head.upgradeEnd);
    wire.putLineEnd();
  } else if (head.teEnd !== 0 && asksForTrailers(wire.bytes, head)) {
    wire.put(TE_TRAILERS);
  }
  wire.putLineEnd();
}

/**
 * Whether the client may leave HTTP for another protocol: it asks for it properly, has no body under way, and does not mean HTTP/2
 * or a trunk, which would carry requests past every rule of this proxy.
 */
export function mayUpgrade(bytes: Uint8Array, head: RequestHead): boolean {
  if (head.upgradeEnd === 0 || !head.upgrades || head.minor === 0 || head.hasBody) return false;
  return !latin1(bytes, head.upgradeStart, head.upgradeEnd).toLowerCase().split(",").some((protocol) =>
    protocol.trim().startsWith("h2") || protocol.trim().startsWith(TRUNK_PROTOCOL)
  );
}

/** Copies what is passed on. The id moves with it, since the input is read over. @returns its new position, 0 without */
function copyHead(wire: Wire, head: RequestHead): number {
  const { dropped, drops, end, requestIdStart, requestIdEnd } = head;
  let requestId = 0;
  let from = head.methodStart;
  if (head.pathStart !== head.targetStart) {
    wire.copy(from, head.targetStart);
    from = head.pathStart;
  }
  for (let i = 0; i <= drops; i += 2) {
    const to = i < drops ? dropped[i] ?? 0 : end - 2;
    if (requestIdEnd !== 0 && requestIdStart >= from && requestIdStart < to) {
      requestId = wire.out + requestIdStart - from;
      head.requestIdStart = requestId;
      head.requestIdEnd = requestId + requestIdEnd - requestIdStart;
    }
    // The version is this proxy's own (RFC 9110, section 2.5); its digit is the last of the start line.
    if (i === 0 && head.minor === 0) wire.bytes[head.fields - 3] = ONE;
    if (to > from) wire.copy(from, to);
    from = dropped[i + 1] ?? to;
  }
  return requestId;
}

function putRequestId(wire: Wire, head: RequestHead, ids: RequestIds): void {
  head.requestIdStart = wire.out;
  wire.put(ids.next());
  head.requestIdEnd = wire.out;
  wire.putLineEnd();
}

function putHost(wire: Wire, head: RequestHead, authority: Uint8Array): void {
  wire.put(HOST);
  if (head.pathStart === head.targetStart) {
    wire.put(authority);
  } else {
    const start = wire.bytes.indexOf(SLASH, head.targetStart) + 2;
    wire.copy(start, head.pathStart);
  }
  wire.putLineEnd();
}

function asksForTrailers(bytes: Uint8Array, head: RequestHead): boolean {
  return latin1(bytes, head.teStart, head.teEnd).toLowerCase().split(",").some((coding) =>
    coding.trim() === "trailers"
  );
}
