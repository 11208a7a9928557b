import { type AddressList, addressList, clientAddress } from "@flotilla/balancer";
import type { FieldReader } from "@flotilla/runtime";

/** Where a request comes from, as far as trusted proxies tell. */
export interface Client {
  /** IP address; `undefined` when there is no network beneath. */
  readonly address: string | undefined;
  /** It came over TLS. */
  readonly secure: boolean;
}

/** Tells where a request with these fields comes from, that came over a connection from `peer`. */
export type ClientOf = (fields: FieldReader, connection: Connection) => Client;

/** How a request came here. */
export interface Connection {
  readonly peer: string | undefined;
  /** Whether it came over TLS. */
  readonly secure: boolean;
}

/**
 * Believes the `X-Forwarded-For` and `X-Forwarded-Proto` of these proxies and of nobody else.
 *
 * @throws {TypeError} when an entry is neither an address nor a network
 */
export function createClientOf(trustedProxies: readonly string[]): ClientOf {
  const trusted: AddressList = addressList(trustedProxies);
  return (fields, { peer, secure }) => {
    const believed = peer !== undefined && trusted.includes(peer);
    const forwardedFor = fields.get("x-forwarded-for") ?? undefined;
    const proto = believed ? fields.get("x-forwarded-proto") : null;
    return {
      address: clientAddress(peer, { forwardedFor, trusted }),
      secure: proto === "https" || secure,
    };
  };
}

/**
 * What an anonymous caller is counted by: its IPv4 address, or the 64 bits of its IPv6 network, since one household has
 * all the addresses of that.
 *
 * @example
 * ```ts
 * import { addressKey } from "./client.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(addressKey("203.0.113.9"), "203.0.113.9");
 * assertEquals(addressKey("2001:db8::1:2"), "2001:db8:0:0");
 * ```
 */
export function addressKey(address: string | undefined): string {
  if (address === undefined) return "unknown";
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined || !address.includes(":")) return mapped ?? address;
  const [head = "", tail = ""] = address.split("::");
  const before = head.split(":").filter((group) => group !== "");
  const after = tail.split(":").filter((group) => group !== "");
  const zeros = Array<string>(Math.max(0, 8 - before.length - after.length)).fill("0");
  return [...before, ...zeros, ...after].slice(0, 4).join(":");
}
