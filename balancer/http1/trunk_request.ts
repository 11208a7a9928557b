import { ascii, ASTERISK, equalsIgnoringCase, fromLatin1 } from "./octets.ts";
import type { RequestHead } from "./request_head.ts";

/** The token by which an upgrade (RFC 9110, section 7.8) asks for a trunk: a connection that carries many by yamux. */
export const TRUNK_PROTOCOL = "yamux";

const TOKEN = ascii(TRUNK_PROTOCOL);
const VIA = ascii("via");

/** The answer that makes a connection a trunk. */
export const TRUNK_ACCEPTED: Uint8Array<ArrayBuffer> = ascii(
  `HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: ${TRUNK_PROTOCOL}\r\n\r\n`,
);

/**
 * Asks for a trunk. `OPTIONS *` asks nothing else of a server (RFC 9110, section 9.3.7), so one that does not know trunks answers
 * something harmless.
 *
 * @param authority the server's, for `Host`
 */
export function trunkRequest(authority: string): Uint8Array<ArrayBuffer> {
  return fromLatin1(
    `OPTIONS * HTTP/1.1\r\nHost: ${authority}\r\nConnection: upgrade\r\nUpgrade: ${TRUNK_PROTOCOL}\r\n\r\n`,
  );
}

/**
 * Whether a request asks for a trunk. One that came through a proxy does not: whoever sent it would speak in the proxy's name.
 */
export function asksForTrunk(bytes: Uint8Array, head: RequestHead): boolean {
  const { method, targetStart, upgrades, upgradeStart, upgradeEnd, minor, hasBody, forwarded } = head;
  return method === "OPTIONS" && bytes[targetStart] === ASTERISK && upgrades && minor === 1 && !hasBody &&
    equalsIgnoringCase(bytes, upgradeStart, upgradeEnd, TOKEN) && !forwarded &&
    head.text(bytes, VIA) === undefined;
}
