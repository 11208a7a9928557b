import type { Strategy } from "../strategy.ts";
import type { Upstream } from "../upstream.ts";
import type { RandomOptions } from "./random.ts";
import { WeightedDraw } from "./weighted_draw.ts";

/**
 * Draws two upstreams by weight and takes the one with fewer requests in flight for its weight (Mitzenmacher
 * 2001). Nearly as even as looking at all of them, and balancers that know nothing of each other do not all
 * run to the same idle upstream. O(1) a pick.
 */
export function powerOfTwo(options: RandomOptions = {}): Strategy {
  const draw = new WeightedDraw(options.random ?? Math.random);
  return {
    name: "power-of-two",
    rebuild: (upstreams) => draw.rebuild(upstreams),
    pick(_request, eligible) {
      const one = draw.draw(eligible);
      const other = one === undefined ? undefined : draw.draw(eligible, one);
      if (one === undefined || other === undefined) return one;
      return load(other) < load(one) ? other : one;
    },
  };
}

function load({ inFlight, effectiveWeight }: Upstream): number {
  return inFlight / effectiveWeight;
}
