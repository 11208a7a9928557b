/**
 * What counts as one address: an IPv4 address, or the network of 64 bits of an IPv6 address, which is what one household
 * or one server has (RFC 6177).
 *
 * @example
 * ```ts
 * import { addressGroup } from "./address_group.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(addressGroup("2001:db8::1:2"), "2001:db8:0:0::/64");
 * assertEquals(addressGroup("::ffff:192.0.2.1"), "192.0.2.1");
 * ```
 */
export function addressGroup(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.toLowerCase().replace(/%.*$/, "").split("::");
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => "0");
  const network = [...left, ...zeros, ...right].slice(0, 4).map((group) => group.replace(/^0+(?=.)/, ""));
  return `${network.join(":")}::/64`;
}

function groups(text: string): string[] {
  return text === "" ? [] : text.split(":");
}
