import type { AddressList } from "./address_list.ts";

/** What is known of a request's way so far. */
export interface Arrival {
  /**
   * The address at the other end of the connection; `undefined` when there is none (a Unix socket, a test).
   */
  readonly peer: string | undefined;
  /** How the request came to us: `http` or `https`. */
  readonly protocol: string;
  /** What the client asked for in `Host`. */
  readonly host: string | undefined;
}

/** The forwarding fields as they came, `undefined` for what is absent. */
export interface ForwardingFields {
  readonly for: string | undefined;
  readonly proto: string | undefined;
  readonly host: string | undefined;
  readonly forwarded: string | undefined;
}

/** The values to send on; `undefined` where nothing is known and the field is left out. */
export type ForwardedFields = ForwardingFields;

const UNKNOWN: ForwardingFields = { for: undefined, proto: undefined, host: undefined, forwarded: undefined };

/**
 * The values of `X-Forwarded-For`, `-Proto`, `-Host` and of `Forwarded` (RFC 7239) for the next hop. What
 * came is kept and added to when the peer is a trusted proxy. From anyone else it is dropped, since everybody
 * can write it.
 *
 * @example
 * ```ts
 * import { addressList, forwardedFields } from "@flotilla/balancer";
 * import { assertEquals } from "@std/assert";
 *
 * const arrival = { peer: "203.0.113.9", protocol: "http", host: "shop.example" };
 * const forged = { for: "127.0.0.1", proto: "https", host: undefined, forwarded: undefined };
 * assertEquals(forwardedFields(arrival, { came: forged, trusted: addressList([]) }).for, "203.0.113.9");
 * ```
 */
export function forwardedFields(
  arrival: Arrival,
  options: { came: ForwardingFields; trusted: AddressList },
): ForwardedFields {
  const { peer, protocol, host } = arrival;
  const came = peer !== undefined && options.trusted.includes(peer) ? options.came : UNKNOWN;
  return {
    for: joined(came.for, peer),
    proto: came.proto ?? protocol,
    host: came.host ?? host,
    forwarded: joined(came.forwarded, forwardedElement(arrival)),
  };
}

/**
 * The client's address: the peer's, or where the peer is a trusted proxy the one it names, and so on from
 * right to left through `X-Forwarded-For` as long as trusted proxies vouch for it.
 */
export function clientAddress(
  peer: string | undefined,
  options: { forwardedFor: string | undefined; trusted: AddressList },
): string | undefined {
  const { forwardedFor, trusted } = options;
  if (peer === undefined || forwardedFor === undefined || !trusted.includes(peer)) return peer;
  const hops = forwardedFor.split(",").map((hop) => hop.trim()).filter((hop) => hop !== "");
  return hops.findLast((hop) => !trusted.includes(hop)) ?? hops[0] ?? peer;
}

function forwardedElement({ peer, protocol, host }: Arrival): string {
  const node = peer === undefined ? "unknown" : peer.includes(":") ? `"[${peer}]"` : peer;
  const hostPair = host === undefined || !/^[\w.:[\]-]+$/.test(host) ? "" : `;host="${host}"`;
  return `for=${node}${hostPair};proto=${protocol}`;
}

function joined(before: string | undefined, added: string | undefined): string | undefined {
  if (before === undefined || before === "") return added;
  return added === undefined ? before : `${before}, ${added}`;
}
