import {
  type PublishedInstance,
  type PublishedTopology,
  publishedTopologySchema,
  TOPOLOGY_KEY,
} from "@flotilla/gateway/topology";
import { adminOriginOf, originOf, type PlannedProcess } from "./plan.ts";
import { useSystemDatabase } from "./system_database.ts";

/** What is told of a system beside its processes. */
export interface PublishOptions {
  /** Where its supervisor takes orders. @default it takes none */
  control?: string;
}

/** Processes as they are told to others: where each is, whom it calls, and how far it is from the clients. */
export function describeTopology(
  processes: readonly PlannedProcess[],
  options: PublishOptions = {},
): PublishedTopology {
  const { control } = options;
  const tiers = tiersOf(processes);
  return {
    ...(control === undefined ? {} : { control }),
    instances: processes.map((process): PublishedInstance => {
      const { name, group, role, adminPort } = process;
      const ownOrigin = adminOriginOf(process);
      return {
        name,
        role,
        origin: originOf(process),
        ownOrigin,
        ...(adminPort === undefined ? {} : { adminOrigin: ownOrigin }),
        ...(group === name ? {} : { group }),
        tier: tiers.get(name) ?? 0,
        calls: [...new Set(process.calls)],
      };
    }),
  };
}

/**
 * Writes the topology into the database of the gateways, whose dashboard shows it; to be called at every change of it.
 * Gateways without a database on the network show none.
 *
 * @throws {Error} when the database cannot be reached or refuses
 */
export async function publishTopology(
  processes: readonly PlannedProcess[],
  options: PublishOptions = {},
): Promise<void> {
  const topology = publishedTopologySchema.parse(describeTopology(processes, options));
  await useSystemDatabase(processes, (kv) => kv.set(TOPOLOGY_KEY, topology));
}

/**
 * How many calls away from the clients each process is, by the shortest way. Those that call nobody stand behind all
 * others, wherever they are called from.
 */
function tiersOf(processes: readonly PlannedProcess[]): ReadonlyMap<string, number> {
  const tiers = new Map<string, number>();
  const called = new Set(processes.flatMap(({ calls }) => calls));
  let tier = processes.filter(({ name }) => !called.has(name));
  for (let number = 0; tier.length > 0; number++) {
    for (const { name } of tier) tiers.set(name, number);
    const next = new Set(tier.flatMap(({ calls }) => calls));
    tier = processes.filter(({ name }) => next.has(name) && !tiers.has(name));
  }
  const callers = processes.filter(({ calls }) => calls.length > 0);
  const last = Math.max(0, ...callers.map(({ name }) => (tiers.get(name) ?? 0) + 1));
  for (const { name, calls } of processes) if (calls.length === 0 && called.has(name)) tiers.set(name, last);
  return tiers;
}
