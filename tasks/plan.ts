import { isAbsolute, join } from "@std/path";
import {
  type CheckedTopology,
  extraPortsFrom,
  type Group,
  isReplicated,
  type RoleName,
} from "./topology_schema.ts";

/** One operating-system process to run: everything about it is known, nothing of it has happened. */
export interface PlannedProcess {
  /** Name of the instance, in `x-served-by` and in logs: `service_1`. */
  readonly name: string;
  /** The group of the topology that it is of: `service`. */
  readonly group: string;
  readonly role: RoleName;
  readonly host: string;
  readonly port: number;
  /** Where the process answers for itself when `port` passes everything on. */
  readonly adminPort?: number;
  /** Its flags beyond host, port and name, as many times as they are given. */
  readonly flags: readonly (readonly [flag: string, value: string])[];
  /** Names of the processes that it calls. */
  readonly calls: readonly string[];
  /** Addresses (`host:port`) of processes that may join while it runs, and that it calls then. @default none */
  readonly mayCall?: readonly string[];
  /** Addresses outside the system that it may call, or `*` for every address. @default none */
  readonly outside?: readonly string[];
}

/** How an instance stands with the balancers in front of it. */
export interface Standing {
  /** Its share of the load relative to the others. */
  readonly weight: number;
  /** Whether it gets no new requests. */
  readonly draining: boolean;
}

/** How an instance stands about which nobody has said anything. */
export const PLAIN_STANDING: Standing = { weight: 1, draining: false };

/** How {@linkcode planProcesses} turns groups into processes. */
export interface PlanOptions {
  /** The folder that holds what is durable; a relative `path` among the flags is below it. */
  data: string;
  /** By the instance's name. @default {@linkcode PLAIN_STANDING} for all */
  standings?: ReadonlyMap<string, Standing>;
}

/** Lists the processes of a topology, each with its own address and with the addresses of those that it calls. */
export function planProcesses(topology: CheckedTopology, options: PlanOptions): PlannedProcess[] {
  const { data, standings = new Map() } = options;
  const byGroup = new Map(topology.groups.map((group) => [group.name, instancesOf(group)]));
  return topology.groups.flatMap((group) => {
    const linked = Object.entries(group.links).map(([flag, target]) =>
      [flag, byGroup.get(target) ?? []] as const
    );
    const flags = [
      ...linked.flatMap(([flag, instances]) =>
        instances.map((instance) => {
          const standing = flag === "upstream" ? parametersOf(standings.get(instance.name)) : "";
          return [flag, originOf(instance) + standing] as const;
        })
      ),
      ...Object.entries(group.flags).flatMap(([flag, value]) =>
        [value].flat().map((item) => [flag, flag === "path" ? pathIn(data, item) : String(item)] as const)
      ),
    ];
    const calls = linked.flatMap(([, instances]) => instances.map(({ name }) => name));
    const mayCall = mayBeCalled(topology, group);
    return instancesOf(group).map((instance) => ({
      ...instance,
      group: group.name,
      role: group.role,
      flags,
      calls,
      ...(mayCall.length === 0 ? {} : { mayCall }),
      ...(group.net === undefined ? {} : { outside: group.net }),
    }));
  });
}

/** What a balancer is told of an upstream beside its address. */
function parametersOf(standing: Standing = PLAIN_STANDING): string {
  const { weight, draining } = standing;
  return (weight === 1 ? "" : `;weight=${weight}`) + (draining ? ";draining=true" : "");
}

/** Where instances may join that a group comes to call: behind its own balancer, or for gateways, which look at all, anywhere. */
function mayBeCalled({ extraPorts, groups }: CheckedTopology, { role, links }: Group): string[] {
  const targets = role === "gateway"
    ? groups
    : groups.filter(({ name }) => Object.values(links).includes(name));
  const hosts = new Set(targets.filter(isReplicated).map(({ host }) => reachable(host)));
  return [...hosts].flatMap((host) => extraPortsFrom(extraPorts).map((port) => authority(host, port)));
}

/** Where a process listens: what others call it by. */
export function originOf(process: Pick<PlannedProcess, "host" | "port">): string {
  const { host, port } = process;
  return `http://${authority(reachable(host), port)}`;
}

/** Where a process itself answers `/healthz`, `/readyz` and `/metrics`. */
export function adminOriginOf(process: Pick<PlannedProcess, "host" | "port" | "adminPort">): string {
  const { host, port, adminPort = port } = process;
  return originOf({ host, port: adminPort });
}

/** An address as `host:port`, with brackets for IPv6. */
export function authority(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** An address to call for one to bind to: "all addresses" is called by the loopback one. */
function reachable(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  return host === "::" ? "::1" : host;
}

type Instance = Pick<PlannedProcess, "name" | "host" | "port" | "adminPort">;

function instancesOf(group: Group): Instance[] {
  const { name, host } = group;
  if (isReplicated(group)) {
    return group.ports.map((port, index) => ({ name: `${name}_${index + 1}`, host, port }));
  }
  const { port, adminPort } = group;
  return [{ name, host, port, ...(adminPort === undefined ? {} : { adminPort }) }];
}

function pathIn(data: string, path: string | number): string {
  const text = String(path);
  return text === ":memory:" || isAbsolute(text) ? text : join(data, text);
}
