import { leastConnections } from "./strategies/least_connections.ts";
import { roundRobin } from "./strategies/round_robin.ts";
import type { Strategy } from "./strategy.ts";

/** The strategies that can be asked for by name. */
export const STRATEGY_NAMES = ["round-robin", "least-connections"] as const;

export type StrategyName = (typeof STRATEGY_NAMES)[number];

/** Makes the strategy of this name, with its defaults. */
export function createStrategy(name: StrategyName): Strategy {
  switch (name) {
    case "round-robin":
      return roundRobin();
    case "least-connections":
      return leastConnections();
  }
}
