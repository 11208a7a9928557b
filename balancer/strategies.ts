import type { Clock } from "@flotilla/runtime";
import { consistentHash, type HashKey } from "./strategies/consistent_hash.ts";
import { leastConnections } from "./strategies/least_connections.ts";
import { peakEwma } from "./strategies/peak_ewma.ts";
import { powerOfTwo } from "./strategies/power_of_two.ts";
import { randomChoice } from "./strategies/random.ts";
import { roundRobin } from "./strategies/round_robin.ts";
import type { Strategy } from "./strategy.ts";

/** The strategies that can be asked for by name. */
export const STRATEGY_NAMES = [
  "round-robin",
  "least-connections",
  "power-of-two",
  "peak-ewma",
  "random",
  "consistent-hash",
] as const;

export type StrategyName = (typeof STRATEGY_NAMES)[number];

/** What strategies depend on. */
export interface StrategyOptions {
  /** Numbers from 0 up to 1, for those that draw lots. @default Math.random */
  random?: () => number;
  /** For those that measure time. @default systemClock */
  clock?: Clock;
  /** For `consistent-hash`. @default { kind: "address" } */
  hashKey?: HashKey;
}

/** Makes the strategy of this name, with its defaults. */
export function createStrategy(name: StrategyName, options: StrategyOptions = {}): Strategy {
  const { hashKey, ...rest } = options;
  switch (name) {
    case "round-robin":
      return roundRobin();
    case "least-connections":
      return leastConnections();
    case "power-of-two":
      return powerOfTwo(rest);
    case "peak-ewma":
      return peakEwma(rest);
    case "random":
      return randomChoice(rest);
    case "consistent-hash":
      return consistentHash(hashKey === undefined ? rest : { ...rest, key: hashKey });
  }
}
