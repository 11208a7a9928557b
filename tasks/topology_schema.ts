import { z } from "zod";

/** The kinds of process there are; each is a folder with a `main.ts`. */
export const ROLES = ["balancer", "gateway", "auth", "service", "worker", "store"] as const;

/** A kind of process. */
export type RoleName = typeof ROLES[number];

/** How many ports are kept for instances that have none of their own. */
export const EXTRA_PORTS = 64;

const nameSchema = z.string().regex(/^[a-z]\w{0,47}$/, "must be a name like service or load_balancer_auth");
const portSchema = z.int().min(1).max(65_535);
const flagNameSchema = z.string().regex(/^[a-z][a-z-]*$/, "must be a flag like max-bytes");
const outsideSchema = z.string().regex(/^[\w.[\]:-]+$/, "must be an address like 192.0.2.1:443");

/** Stands for every address. */
export const ANY_ADDRESS = "*";

const groupFields = {
  name: nameSchema,
  role: z.enum(ROLES),
  host: z.string().default("127.0.0.1"),
  flags: z.record(flagNameSchema, z.union([z.string(), z.number(), z.array(z.string())])).default({}),
  links: z.record(flagNameSchema, nameSchema).default({}),
  net: z.array(z.union([z.literal(ANY_ADDRESS), outsideSchema])).optional(),
};

const singleSchema = z.strictObject({
  ...groupFields,
  port: portSchema,
  adminPort: portSchema.optional(),
});

const replicatedSchema = z.strictObject({ ...groupFields, ports: z.array(portSchema).min(1) });

const shapeSchema = z.strictObject({
  extraPorts: z.int().min(1).max(65_536 - EXTRA_PORTS),
  groups: z.array(z.union([singleSchema, replicatedSchema])).min(1),
});

/** Which processes there are and which calls which: what `--topology FILE` holds, as JSON. */
export const topologySchema = shapeSchema.superRefine(({ groups }, context) => {
  const complain = (message: string) => context.addIssue({ code: "custom", message });
  const ports = groups.flatMap(portsOf);
  for (const port of repeated(ports)) complain(`port ${port} is given to more than one process`);
  for (const name of repeated(groups.map(({ name }) => name))) complain(`${name} is named twice`);
  for (const group of groups) {
    for (const [flag, target] of Object.entries(group.links)) {
      const called = groups.find(({ name }) => name === target);
      if (called === undefined) complain(`${group.name} calls ${target}, which does not exist`);
      else if (isReplicated(called) && flag !== "upstream") {
        complain(`${group.name} calls ${target}, which has many instances: put a balancer in between`);
      }
    }
  }
});

/**
 * The processes of a system.
 *
 * `extraPorts` is the first of {@linkcode EXTRA_PORTS} ports for instances that have none of their own: `--scale` and
 * `deno task scale` take them. Processes may only call ports that are known beforehand, so there is an end to them.
 */
export type Topology = z.input<typeof topologySchema>;

/** A topology with every default filled in and its names and ports checked. */
export type CheckedTopology = z.output<typeof topologySchema>;

/**
 * One process, or all instances of one role: `port` makes it a single process with this very name, `ports` makes
 * instances that are named `name_1`, `name_2` and so on.
 *
 * `flags` are handed to the role as they are; a `path` among them is relative to the data folder. `links` are flags
 * whose value is the address of another group. `net` are addresses outside the system that its processes may call, or
 * `*` for every address: tasks of the kind `http`, and with them the webhooks of tasks, need it.
 */
export type Group = CheckedTopology["groups"][number];

/** Whether a group has instances that `--scale` may add to. */
export function isReplicated(group: Group): group is Extract<Group, { ports: number[] }> {
  return "ports" in group;
}

/** The ports for instances that have none of their own. */
export function extraPortsFrom(first: number): number[] {
  return Array.from({ length: EXTRA_PORTS }, (_, index) => first + index);
}

/** Every port that the instances of a group listen on. */
export function portsOf(group: Group): number[] {
  if (isReplicated(group)) return group.ports;
  return group.adminPort === undefined ? [group.port] : [group.port, group.adminPort];
}

/** A topology that cannot be: it tells every fault. */
export class TopologyError extends Error {
  override readonly name = "TopologyError";
}

/**
 * Checks a topology.
 *
 * @param source what is named when something is wrong: the file's name
 * @throws {TopologyError} naming every fault
 */
export function parseTopology(value: unknown, source: string): CheckedTopology {
  const result = topologySchema.safeParse(value);
  if (result.success) return result.data;
  throw new TopologyError(`Cannot use topology ${source}:\n${z.prettifyError(result.error)}`);
}

/**
 * Reads a topology from a JSON file.
 *
 * @throws {TopologyError} when it cannot be read, is not JSON, or is not a topology
 */
export async function readTopology(path: string): Promise<CheckedTopology> {
  let value: unknown;
  try {
    value = JSON.parse(await Deno.readTextFile(path));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TopologyError(`Cannot read topology ${path}: ${reason}`, { cause });
  }
  return parseTopology(value, path);
}

function repeated<T>(values: readonly T[]): Set<T> {
  return new Set(values.filter((value, index) => values.indexOf(value) !== index));
}
