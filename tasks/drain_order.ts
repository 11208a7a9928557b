import type { PlannedProcess } from "./plan.ts";
import { TopologyError } from "./topology_schema.ts";

/**
 * Sorts processes into tiers, from the edge inwards: those that nobody calls come first, and each process comes after
 * all that call it. Stopped in this order, nothing is ever called after it has gone.
 *
 * @throws {TopologyError} when processes call one another in a circle
 */
export function drainOrder<P extends Pick<PlannedProcess, "name" | "calls">>(processes: readonly P[]): P[][] {
  const tiers: P[][] = [];
  let left = [...processes];
  while (left.length > 0) {
    const called = new Set(left.flatMap(({ calls }) => calls));
    const tier = left.filter(({ name }) => !called.has(name));
    if (tier.length === 0) {
      const names = left.map(({ name }) => name).join(", ");
      throw new TopologyError(`Cannot order the processes: these call one another in a circle: ${names}`);
    }
    tiers.push(tier);
    left = left.filter((process) => !tier.includes(process));
  }
  return tiers;
}
