import { ascii, ONE } from "./octets.ts";
import type { ResponseHead } from "./response_head.ts";
import type { Wire } from "./wire.ts";

const CRLF = ascii("\r\n");
const REQUEST_ID = ascii("x-request-id: ");
const CLOSE = ascii("Connection: close\r\n");
const KEEP_ALIVE = ascii("Connection: keep-alive\r\n");
const UPGRADE = ascii("Connection: upgrade\r\nUpgrade: ");
const CHUNKED = ascii("Transfer-Encoding: chunked\r\n");
/** Room for the fields above. */
const FIXED_ROOM = 192;

/** What a response gets on its way. */
export interface ResponseAdditions {
  /** Our `Via` line. */
  readonly via: Uint8Array;
  /** The request's id; empty to add none. */
  readonly requestId: Uint8Array;
  /** What the client is told about the connection; `silent` where HTTP/1.1's default says it. */
  readonly connection: "close" | "keep-alive" | "upgrade" | "silent";
  /** The body has no framing of its own and gets chunks. */
  readonly chunked: boolean;
}

/** Puts the head of a response together as it goes to the client. */
export function composeResponse(wire: Wire, head: ResponseHead, additions: ResponseAdditions): void {
  head.dropNominated(wire.bytes);
  wire.compose();
  wire.reserve(head.end - wire.start + additions.via.length + additions.requestId.length + FIXED_ROOM);
  const { dropped } = head;
  const first = dropped[0] ?? head.end - 2;
  const out = wire.out;
  wire.copy(wire.start, first);
  // The version is this proxy's own (RFC 9110, section 2.5).
  if (head.minor === 0) wire.bytes[out + head.minorAt - wire.start] = ONE;
  for (let i = 1; i < dropped.length; i += 2) {
    const from = dropped[i] ?? 0;
    const to = dropped[i + 1] ?? head.end - 2;
    if (to > from) wire.copy(from, to);
  }
  wire.put(additions.via);
  if (!head.hasRequestId && additions.requestId.length > 0) {
    wire.put(REQUEST_ID);
    wire.put(additions.requestId);
    wire.put(CRLF);
  }
  putConnection(wire, head, additions.connection);
  if (additions.chunked) wire.put(CHUNKED);
  wire.put(CRLF);
}

function putConnection(wire: Wire, head: ResponseHead, connection: ResponseAdditions["connection"]): void {
  switch (connection) {
    case "silent":
      return;
    case "close":
      return wire.put(CLOSE);
    case "keep-alive":
      return wire.put(KEEP_ALIVE);
    case "upgrade":
      wire.put(UPGRADE);
      wire.copy(head.upgradeStart, head.upgradeEnd);
      return wire.put(CRLF);
  }
}
