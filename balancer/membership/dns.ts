import { type Clock, systemClock, type Timer } from "@flotilla/runtime";
import { getLogger } from "@logtape/logtape";
import type { UpstreamOptions } from "../upstream.ts";
import type { Membership } from "./membership.ts";

/** Looks the addresses of a name up. */
export type ResolveAddresses = (name: string, type: "A" | "AAAA") => Promise<readonly string[]>;

/** How a name is followed. */
export interface DnsMembershipOptions {
  /** Scheme, name and port of the upstreams: `http://service.internal:5003`. */
  url: string | URL;
  /** Told whenever the addresses have changed. */
  update(upstreams: readonly UpstreamOptions[]): void;
  /** Milliseconds between two look-ups. The resolver caches; to ask it often costs little. @default 5_000 */
  interval?: number;
  /** @default Deno.resolveDns */
  resolve?: ResolveAddresses;
  /** @default systemClock */
  clock?: Clock;
}

/**
 * Makes every address of a DNS name an upstream, and follows it as it changes. When the name cannot be looked
 * up the last addresses stay: a resolver that is down says nothing about the upstreams.
 */
export function followDns(options: DnsMembershipOptions): Membership {
  const { update, interval = 5_000, resolve = Deno.resolveDns, clock = systemClock } = options;
  if (!(interval > 0)) {
    throw new RangeError(`Cannot follow DNS: interval must be above 0 ms, got ${interval}`);
  }
  const url = new URL(options.url);
  const logger = getLogger(["flotilla", "balancer", "dns"]);
  let known = "";
  let timer: Timer | undefined;
  let stopped = false;

  async function look(): Promise<void> {
    try {
      const addresses = await lookUp(url.hostname, resolve);
      const now = addresses.join(" ");
      if (stopped || now === known) return;
      update(addresses.map((address) => upstreamAt(url, address)));
      known = now;
      logger.info("{name} has the addresses {addresses}", { name: url.hostname, addresses: now });
    } catch (error) {
      logger.warn("{name} cannot be looked up: {reason}", { name: url.hostname, reason: String(error) });
    }
  }

  async function follow(): Promise<void> {
    await look();
    if (!stopped) timer = clock.setTimeout(() => running = follow(), interval, { background: true });
  }

  let running = follow();
  const stop = async () => {
    stopped = true;
    timer?.cancel();
    await running;
  };
  return { stop, [Symbol.asyncDispose]: stop };
}

async function lookUp(name: string, resolve: ResolveAddresses): Promise<string[]> {
  const [v4, v6] = await Promise.allSettled([resolve(name, "A"), resolve(name, "AAAA")]);
  const found = [v4, v6].flatMap((result) => result.status === "fulfilled" ? result.value : []);
  // A name need not have both kinds of addresses; it has none at all only when no look-up found any.
  if (found.length === 0) {
    throw v4.status === "rejected" ? v4.reason : new Error("The name has no addresses");
  }
  return found.toSorted();
}

function upstreamAt({ protocol, port }: URL, address: string): UpstreamOptions {
  const host = address.includes(":") ? `[${address}]` : address;
  return { url: `${protocol}//${host}${port === "" ? "" : `:${port}`}` };
}
