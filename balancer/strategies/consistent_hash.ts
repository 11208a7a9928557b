import type { PickContext } from "../attempt.ts";
import type { Strategy } from "../strategy.ts";
import type { Upstream } from "../upstream.ts";
import { hash32 } from "./hash.ts";
import { HashRing } from "./hash_ring.ts";
import type { RandomOptions } from "./random.ts";

/** What of a request says where it belongs. A request without it is hashed by its client's address. */
export type HashKey =
  | { readonly kind: "address" }
  | { readonly kind: "header"; readonly name: string }
  | { readonly kind: "cookie"; readonly name: string };

/** How {@linkcode consistentHash} spreads. */
export interface ConsistentHashOptions extends RandomOptions {
  /** @default { kind: "address" } */
  key?: HashKey;
  /**
   * How much more than its share of the requests in flight an upstream may have, above 1. At 1.25 no upstream
   * is a quarter over its share, and a popular key spills to the next upstream instead of drowning its own.
   *
   * @default 1.25
   */
  bound?: number;
}

/**
 * Sends the same key to the same upstream as long as that one is there and not over its bound: consistent
 * hashing with bounded loads (Mirrokni, Thorup, Zadimoghaddam 2018). When one of N upstreams leaves, about
 * 1/N of the keys move. O(log n) a pick.
 *
 * @throws {RangeError} when the bound is not above 1
 */
export function consistentHash(options: ConsistentHashOptions = {}): Strategy {
  const { key = { kind: "address" }, bound = 1.25, random = Math.random } = options;
  if (!(bound > 1)) throw new RangeError(`Cannot bound loads: bound must be above 1, got ${bound}`);
  const hashOf = hashFunction(key, random);
  let ring = new HashRing([]);
  let members = new Set<Upstream>();
  let weights = 0;
  let inFlight = 0;

  function hasRoom(upstream: Upstream): boolean {
    const share = (bound * (inFlight + 1) * upstream.effectiveWeight) / weights;
    return upstream.inFlight < Math.ceil(share);
  }

  return {
    name: "consistent-hash",
    rebuild(upstreams) {
      ring = new HashRing(upstreams);
      members = new Set(upstreams);
      weights = upstreams.reduce((sum, { effectiveWeight }) => sum + effectiveWeight, 0);
      inFlight = upstreams.reduce((sum, upstream) => sum + upstream.inFlight, 0);
    },
    pick(request, eligible) {
      const start = ring.find(hashOf(request));
      let overBound: Upstream | undefined;
      for (let i = 0; i < ring.size; i++) {
        const upstream = ring.owner(start + i);
        if (upstream === undefined || !eligible.allows(upstream)) continue;
        if (hasRoom(upstream)) return upstream;
        overBound ??= upstream;
      }
      // Those with room were tried already: rather one over its bound than none.
      return overBound;
    },
    began(upstream) {
      if (members.has(upstream)) inFlight++;
    },
    ended(upstream) {
      if (members.has(upstream)) inFlight--;
    },
  };
}

function hashFunction(key: HashKey, random: () => number): (request: PickContext) => number {
  const text = keyReader(key);
  return (request) => {
    const found = text(request) ?? request.address;
    return found === undefined ? Math.floor(random() * 2 ** 32) : hash32(found);
  };
}

function keyReader(key: HashKey): (request: PickContext) => string | undefined {
  switch (key.kind) {
    case "address":
      return (request) => request.address;
    case "header": {
      const name = key.name.toLowerCase();
      return (request) => request.header(name);
    }
    case "cookie": {
      const start = `${key.name}=`;
      return (request) =>
        request.header("cookie")?.split(/;\s*/).find((pair) => pair.startsWith(start))?.slice(start.length);
    }
  }
}
