import { isAbsolute, join } from "@std/path";
import { type CheckedTopology, type Group, isReplicated, type RoleName } from "./topology_schema.ts";

/** One operating-system process to run: everything about it is known, nothing of it has happened. */
export interface PlannedProcess {
  /** Name of the instance, in `x-served-by` and in logs: `service_1`. */
  readonly name: string;
  readonly role: RoleName;
  readonly host: string;
  readonly port: number;
  /** Where the process answers for itself when `port` passes everything on. */
  readonly adminPort?: number;
  /** Its flags beyond host, port and name, as many times as they are given. */
  readonly flags: readonly (readonly [flag: string, value: string])[];
  /** Names of the processes that it calls. */
  readonly calls: readonly string[];
}

/** How {@linkcode planProcesses} turns groups into processes. */
export interface PlanOptions {
  /** The folder that holds what is durable; a relative `path` among the flags is below it. */
  data: string;
}

/** Lists the processes of a topology, each with its own address and with the addresses of those that it calls. */
export function planProcesses(topology: CheckedTopology, options: PlanOptions): PlannedProcess[] {
  const byGroup = new Map(topology.groups.map((group) => [group.name, instancesOf(group)]));
  return topology.groups.flatMap((group) => {
    const linked = Object.entries(group.links).map(([flag, target]) =>
      [flag, byGroup.get(target) ?? []] as const
    );
    const flags = [
      ...linked.flatMap(([flag, instances]) =>
        instances.map((instance) => [flag, originOf(instance)] as const)
      ),
      ...Object.entries(group.flags).flatMap(([flag, value]) =>
        [value].flat().map((item) =>
          [flag, flag === "path" ? pathIn(options.data, item) : String(item)] as const
        )
      ),
    ];
    const calls = linked.flatMap(([, instances]) => instances.map(({ name }) => name));
    return instancesOf(group).map((instance) => ({ ...instance, role: group.role, flags, calls }));
  });
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
