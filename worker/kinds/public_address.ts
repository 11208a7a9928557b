import { BlockList, isIPv4 } from "node:net";

/** An address that tasks may not call. */
export class AddressRefusedError extends Error {
  override readonly name = "AddressRefusedError";
}

/** Special-purpose addresses of IPv4 (RFC 6890 and the IANA registry). */
const SPECIAL_4 = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
] as const;
/** Those of IPv6 that lie within the global unicast range; the others lie outside it. */
const SPECIAL_6 = [["2001::", 23], ["2001:db8::", 32], ["2002::", 16], ["3fff::", 20]] as const;

const special = new BlockList();
for (const [net, prefix] of SPECIAL_4) special.addSubnet(net, prefix, "ipv4");
for (const [net, prefix] of SPECIAL_6) special.addSubnet(net, prefix, "ipv6");
const globalUnicast = new BlockList();
globalUnicast.addSubnet("2000::", 3, "ipv6");

/**
 * Whether an IP address is one of the public internet: none of a private network, this host, a link, a cloud's metadata
 * service, documentation or multicast; and no IPv6 form of such an IPv4 address.
 *
 * @example
 * ```ts
 * import { isPublicAddress } from "./public_address.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(["93.184.215.14", "169.254.169.254", "::ffff:127.0.0.1"].map(isPublicAddress), [true, false, false]);
 * ```
 */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !special.check(address, "ipv4");
  return globalUnicast.check(address, "ipv6") && !special.check(address, "ipv6");
}
