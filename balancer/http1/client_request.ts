import { isIdempotent } from "../failure.ts";
import type { ClientSide } from "./client_side.ts";
import type { Crossing } from "./door.ts";
import { latin1 } from "./octets.ts";
import { composeRequest, mayUpgrade, type RequestAdditions } from "./request_composer.ts";

/** Puts a client's request together as its crossing has it. */
export function composeCrossed(client: ClientSide, crossing: Crossing): void {
  const { wire, head } = client;
  client.crossing = crossing;
  client.idempotent = isSafeTwice(client);
  wire.compose();
  crossing.putRequest(wire, head);
  wire.reserve(2);
  wire.putLineEnd();
  wire.start = head.end;
}

/**
 * Puts a client's request together as a proxy passes it on, with as much of its body as is there; nothing of it was sent when
 * that turns out malformed.
 *
 * @throws {MessageError} 400 when it does
 */
export function composeProxied(client: ClientSide, more: Pick<RequestAdditions, "ids" | "trace">): void {
  const { wire, head, body, origin, authority } = client;
  client.idempotent = isSafeTwice(client);
  client.upgrading = mayUpgrade(wire.bytes, head);
  composeRequest(wire, head, { ...more, origin: origin.lines(wire.bytes, head), authority });
  wire.start = head.end;
  if (body.complete) return;
  const end = body.consume(wire.bytes, wire.start, wire.end);
  wire.reserve(end - wire.start);
  wire.copy(wire.start, end);
  wire.start = end;
  client.replayable = body.complete;
}

function isSafeTwice({ wire, head }: ClientSide): boolean {
  return head.method !== "other" || isIdempotent(latin1(wire.bytes, head.methodStart, head.methodEnd));
}
