import { z } from "zod";
import {
  type CheckedTopology,
  extraPortsFrom,
  type Group,
  isReplicated,
  portsOf,
  TopologyError,
} from "./topology_schema.ts";

/** Most instances that one group is scaled to: every one is a process on this machine. */
export const MOST_INSTANCES = 64;

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

/** How {@linkcode scaleTopology} finds ports. */
export interface ScaleOptions {
  /** Whether nothing else on this machine has a port. */
  isFree: (port: number) => boolean;
  /** The topology before anything was scaled: an instance that comes back gets the port that it had there. @default none */
  home?: CheckedTopology;
}

/**
 * Gives groups as many instances as asked for. Those that are there keep their ports; those that have no port of their
 * own get the first free ones of the topology's `extraPorts`.
 *
 * @throws {TopologyError} when there is no such group, it cannot have more than one instance, or no port is left
 */
export function scaleTopology(
  topology: CheckedTopology,
  scales: readonly Scale[],
  options: ScaleOptions,
): CheckedTopology {
  const { isFree, home } = options;
  const counts = new Map(scales.map(({ group, count }) => [replicatedGroup(topology, group), count]));
  const used = new Set(topology.groups.flatMap(portsOf));
  const take = (ports: readonly number[]) => {
    const port = ports.find((candidate) => !used.has(candidate) && isFree(candidate));
    if (port !== undefined) used.add(port);
    return port;
  };
  const extraPorts = extraPortsFrom(topology.extraPorts);
  const newPort = (name: string, index: number) => {
    const own = home?.groups.filter(isReplicated).find((group) => group.name === name)?.ports[index];
    const port = take(own === undefined ? extraPorts : [own, ...extraPorts]);
    if (port !== undefined) return port;
    const [first, last] = [extraPorts.at(0), extraPorts.at(-1)];
    throw new TopologyError(`Cannot scale ${name}: every port from ${first} to ${last} is taken`);
  };
  const groups = topology.groups.map((group): Group => {
    const count = counts.get(group.name);
    if (count === undefined || !isReplicated(group)) return group;
    return {
      ...group,
      ports: Array.from({ length: count }, (_, index) => group.ports[index] ?? newPort(group.name, index)),
    };
  });
  return { ...topology, groups };
}

/**
 * The name of the group that is meant.
 *
 * @throws {TopologyError} when there is none, more than one, or one that cannot have more than one instance
 */
export function replicatedGroup(topology: CheckedTopology, name: string): string {
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
