/** A list of IP addresses and networks. */
export interface AddressList {
  includes(address: string): boolean;
}

interface Network {
  readonly bits: bigint;
  readonly prefix: number;
  readonly width: 32 | 128;
}

/**
 * Reads addresses and networks in CIDR notation, `10.0.0.0/8` or `2001:db8::/32`. An IPv4 address written as
 * IPv6 (`::ffff:10.0.0.1`) counts as IPv4.
 *
 * @throws {TypeError} when one is neither
 *
 * @example
 * ```ts
 * import { addressList } from "@flotilla/balancer";
 * import { assert } from "@std/assert";
 *
 * const trusted = addressList(["10.0.0.0/8", "::1"]);
 * assert(trusted.includes("10.1.2.3"));
 * assert(!trusted.includes("11.1.2.3"));
 * ```
 */
export function addressList(entries: readonly string[]): AddressList {
  const networks = entries.map(parseNetwork);
  const known = new Map<string, boolean>();
  return {
    includes(address) {
      if (networks.length === 0) return false;
      const cached = known.get(address);
      if (cached !== undefined) return cached;
      const parsed = parseAddress(address);
      const found = parsed !== undefined && networks.some((network) => contains(network, parsed));
      if (known.size >= 1_024) known.clear();
      known.set(address, found);
      return found;
    },
  };
}

function parseNetwork(entry: string): Network {
  const [text = "", length] = entry.split("/");
  const address = parseAddress(text);
  const prefix = length === undefined
    ? address?.prefix
    : /^\d{1,3}$/.test(length)
    ? Number(length)
    : undefined;
  if (address === undefined || prefix === undefined || prefix > address.width) {
    throw new TypeError(
      `Cannot read address list: each entry must be an IP address or network, got "${entry}"`,
    );
  }
  return { ...address, prefix };
}

function contains(network: Network, address: Network): boolean {
  if (network.width !== address.width) return false;
  const shift = BigInt(network.width - network.prefix);
  return network.bits >> shift === address.bits >> shift;
}

function parseAddress(text: string): Network | undefined {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(text)?.[1];
  const v4 = parseIpv4(mapped ?? text);
  if (v4 !== undefined) return { bits: v4, prefix: 32, width: 32 };
  const v6 = parseIpv6(text);
  return v6 === undefined ? undefined : { bits: v6, prefix: 128, width: 128 };
}

function parseIpv4(text: string): bigint | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255)) {
    return undefined;
  }
  return parts.reduce((bits, part) => (bits << 8n) | BigInt(part), 0n);
}

function parseIpv6(text: string): bigint | undefined {
  // The URL parser knows every way to write one, and writes it in one way.
  const host = URL.parse(`http://[${text}]/`)?.hostname.slice(1, -1);
  if (host === undefined || !/^[\da-f:.]+$/i.test(text)) return undefined;
  const [head = "", tail] = host.split("::");
  const groups = (part: string) => part === "" ? [] : part.split(":");
  const before = groups(head);
  const after = groups(tail ?? "");
  const zeros = Array(8 - before.length - after.length).fill("0");
  return [...before, ...zeros, ...after].reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n);
}
