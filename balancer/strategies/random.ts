import type { Strategy } from "../strategy.ts";
import { WeightedDraw } from "./weighted_draw.ts";

/** Where the strategies that draw lots get their numbers. */
export interface RandomOptions {
  /** Numbers from 0 up to 1. @default Math.random */
  random?: () => number;
}

/** Takes any upstream, by weight. What the others are measured against; O(1) a pick. */
export function randomChoice(options: RandomOptions = {}): Strategy {
  const draw = new WeightedDraw(options.random ?? Math.random);
  return {
    name: "random",
    rebuild: (upstreams) => draw.rebuild(upstreams),
    pick: (_request, eligible) => draw.draw(eligible),
  };
}
