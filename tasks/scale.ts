import { z } from "zod";
import { type CheckedTopology, type Group, isReplicated, portsOf, TopologyError } from "./topology_schema.ts";

/** Most instances that one group is scaled to: every one is a process on this machine. */
const MOST_INSTANCES = 64;

/** One `--scale service=4`. */
export interface Scale {
  /** A group's name, or its role where only one group has it. */
  group: string;
  count: number;
}

/** Text like `service=4`. */
export const scaleSchema: z.ZodType<Scale> = z.string()
  .regex(/^\w+=\d+$/, "must be like service=4")
  .transform((text) => {
    const [group = "", count = ""] = text.split("=");
    return { group, count: Number(count) };
  })
  .refine(
    ({ count }) => count >= 1 && count <= MOST_INSTANCES,
    `must be from 1 to ${MOST_INSTANCES} instances`,
  );

/**
 * Gives groups as many instances as asked for. Those that have no port of their own get the first free ones from the
 * topology's `extraPorts` on.
 *
 * @param isFree whether nothing else on this machine has a port
 * @throws {TopologyError} when there is no such group, or it cannot have more than one instance
 */
export function scaleTopology(
  topology: CheckedTopology,
  scales: readonly Scale[],
  options: { isFree: (port: number) => boolean },
): CheckedTopology {
  const { isFree } = options;
  const counts = new Map(scales.map(({ group, count }) => [replicatedGroup(topology, group), count]));
  const used = new Set(topology.groups.flatMap(portsOf));
  let next = topology.extraPorts;
  const extraPort = () => {
    while (used.has(next) || !isFree(next)) next++;
    return next++;
  };
  const groups = topology.groups.map((group): Group => {
    const count = counts.get(group.name);
    if (count === undefined || !isReplicated(group)) return group;
    return {
      ...group,
      ports: Array.from({ length: count }, (_, index) => group.ports[index] ?? extraPort()),
    };
  });
  return { ...topology, groups };
}

function replicatedGroup(topology: CheckedTopology, name: string): string {
  const named = topology.groups.filter((group) => group.name === name);
  const candidates = named.length > 0 ? named : topology.groups.filter(({ role }) => role === name);
  const [group] = candidates;
  if (group === undefined) {
    throw new TopologyError(`Cannot scale ${name}: there is no such group of processes`);
  }
  if (candidates.length > 1) {
    const names = candidates.map((candidate) => candidate.name).join(", ");
    throw new TopologyError(`Cannot scale ${name}: say which one: ${names}`);
  }
  if (!isReplicated(group)) {
    throw new TopologyError(`Cannot scale ${group.name}: it is a single process, with a port and no ports`);
  }
  return group.name;
}
