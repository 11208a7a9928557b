import type { Connection } from "./connection.ts";
import { MessageError } from "./message_error.ts";
import { ascii, equals, latin1, LF } from "./octets.ts";

const SIGNATURE = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a);
const V1 = ascii("PROXY ");
/** The longest line of version 1, with its end. */
const LONGEST_LINE = 107;
/** Beyond addresses, version 2 may carry more; a proxy that sends more than this is not one of ours. */
const LONGEST_BLOCK = 4_096;
const V2_HEAD = 16;

/** What a PROXY protocol header told, and what came behind it. */
export interface ProxyHeader {
  /** The client's address; `undefined` when the proxy speaks for itself (a health check). */
  readonly peer: string | undefined;
  /** Octets behind the header that were read with it. */
  readonly rest: Uint8Array<ArrayBuffer>;
}

/**
 * Reads the header of the PROXY protocol, version 1 or 2, that a load balancer puts in front of a client's connection.
 *
 * @throws {MessageError} when there is none, or a malformed one: on a listener that expects it every connection has one
 */
export async function readProxyHeader(connection: Connection): Promise<ProxyHeader> {
  const buffer = new Uint8Array(V2_HEAD + LONGEST_BLOCK);
  for (let filled = 0;;) {
    const count = await connection.read(buffer.subarray(filled));
    if (count === null) throw new MessageError(400, "The connection ended before its PROXY header");
    filled += count;
    const header = parse(buffer, filled);
    if (header !== undefined) return header;
  }
}

function parse(bytes: Uint8Array<ArrayBuffer>, filled: number): ProxyHeader | undefined {
  if (startsLike(bytes, filled, SIGNATURE)) return filled < V2_HEAD ? undefined : parseV2(bytes, filled);
  if (startsLike(bytes, filled, V1)) return parseV1(bytes, filled);
  throw new MessageError(400, "The connection does not begin with a PROXY header");
}

function startsLike(bytes: Uint8Array, filled: number, expected: Uint8Array): boolean {
  const length = Math.min(filled, expected.length);
  return equals(bytes, 0, length, expected.subarray(0, length));
}

function parseV1(bytes: Uint8Array<ArrayBuffer>, filled: number): ProxyHeader | undefined {
  const end = bytes.subarray(0, filled).indexOf(LF);
  if (end === -1 && filled < LONGEST_LINE) return undefined;
  const line = latin1(bytes, 0, end + 1);
  const rest = bytes.slice(end + 1, filled);
  if (/^PROXY UNKNOWN(?: [ -~]*)?\r\n$/.test(line)) return { peer: undefined, rest };
  const match = /^PROXY TCP([46]) (\S+) (\S+) \d{1,5} \d{1,5}\r\n$/.exec(line);
  const [, family, peer] = match ?? [];
  if (peer === undefined || line.length > LONGEST_LINE || !isAddress(peer, family)) {
    throw new MessageError(400, "The PROXY header is malformed");
  }
  return { peer, rest };
}

function parseV2(bytes: Uint8Array<ArrayBuffer>, filled: number): ProxyHeader | undefined {
  const view = new DataView(bytes.buffer);
  const version = view.getUint8(12);
  const family = view.getUint8(13);
  const length = view.getUint16(14);
  if (version >> 4 !== 2 || (version & 15) > 1 || length > LONGEST_BLOCK) {
    throw new MessageError(400, "The PROXY header is malformed");
  }
  if (filled < V2_HEAD + length) return undefined;
  const rest = bytes.slice(V2_HEAD + length, filled);
  // Command 0 is the proxy's own connection; its addresses mean nothing.
  if ((version & 15) === 0) return { peer: undefined, rest };
  return { peer: v2Peer(view, family, length), rest };
}

function v2Peer(view: DataView, family: number, length: number): string | undefined {
  if (family === 0x11 && length >= 12) {
    return [0, 1, 2, 3].map((i) => view.getUint8(V2_HEAD + i)).join(".");
  }
  if (family === 0x21 && length >= 36) {
    const groups = [0, 2, 4, 6, 8, 10, 12, 14].map((i) => view.getUint16(V2_HEAD + i).toString(16));
    return URL.parse(`http://[${groups.join(":")}]/`)?.hostname.slice(1, -1);
  }
  return undefined;
}

function isAddress(text: string, family: string | undefined): boolean {
  if (family === "4") {
    return /^(?:\d{1,3}\.){3}\d{1,3}$/.test(text) && text.split(".").every((part) => Number(part) < 256);
  }
  return /^[\da-f:.]+$/i.test(text) && URL.canParse(`http://[${text}]/`);
}
