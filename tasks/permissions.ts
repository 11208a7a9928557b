import { adminOriginOf, authority, type PlannedProcess } from "./plan.ts";
import { variablesOf } from "./role_environment.ts";
import { ANY_ADDRESS } from "./topology_schema.ts";

/** What {@linkcode permissionsOf} needs to know besides the process. */
export interface PermissionOptions {
  /** The folder of the workspace, absolute. */
  root: string;
  /** All processes of the system: gateways look at each of them for the dashboard. @default none */
  processes?: readonly PlannedProcess[];
  /** Where the supervisor takes orders, which gateways pass on. @default it takes none */
  control?: string;
}

/** Flags of roles whose value is the address of another process, or a file of Deno KV, or `:memory:`. */
const TARGET_FLAGS = new Set([
  "upstream",
  "auth",
  "service",
  "worker",
  "database",
  "cache",
  "store",
  "limits",
]);
/** Flags of roles whose value is a file that is read and written. */
const FILE_FLAGS = new Set(["path"]);

/**
 * The permissions that a process runs with, as flags of `deno run`: its own addresses and those that it calls, its own
 * files, the variables of its role, and nothing else.
 */
export function permissionsOf(process: PlannedProcess, options: PermissionOptions): string[] {
  const targets = process.flags.filter(([flag]) => TARGET_FLAGS.has(flag)).map(([, value]) => value);
  const called = targets.flatMap(addressOf);
  const files = [
    ...process.flags.filter(([flag]) => FILE_FLAGS.has(flag)).map(([, value]) => value),
    ...targets.filter((target) => addressOf(target).length === 0),
  ].filter((path) => path !== ":memory:");
  return [
    ...grantNet([
      ...ownAddresses(process),
      ...called,
      ...observed(process, options),
      ...process.mayCall ?? [],
      ...process.outside ?? [],
    ]),
    ...grant("read", [...files, ...logsOf(process), ...sourcesRead(process, options)]),
    ...grant("write", [...files, ...logsOf(process)]),
    ...grant("env", variablesOf(process.role)),
    // A thread that hashes passwords lets all others go first.
    ...grant("sys", process.role === "auth" ? ["setPriority"] : []),
  ];
}

function grant(permission: string, values: readonly string[]): string[] {
  return values.length === 0 ? [] : [`--allow-${permission}=${[...new Set(values)].join(",")}`];
}

function grantNet(addresses: readonly string[]): string[] {
  return addresses.includes(ANY_ADDRESS) ? ["--allow-net"] : grant("net", addresses);
}

function ownAddresses({ host, port, adminPort }: PlannedProcess): string[] {
  return [port, ...(adminPort === undefined ? [] : [adminPort])].map((own) => authority(host, own));
}

function addressOf(target: string): string[] {
  const [address = ""] = target.split(";"); // a balancer's upstream may have a weight: http://host:port;weight=2
  const url = URL.parse(address);
  if (url === null || !/^https?:$/.test(url.protocol)) return [];
  return [authority(url.hostname.replaceAll(/[[\]]/g, ""), Number(url.port || defaultPort(url)))];
}

/** Where the processes answer for themselves that this one looks at, and where it passes orders on. */
function observed({ role }: PlannedProcess, { processes = [], control }: PermissionOptions): string[] {
  if (role !== "gateway") return [];
  return [...processes.map(adminOriginOf), ...(control === undefined ? [] : [control])].flatMap(addressOf);
}

function defaultPort({ protocol }: URL): number {
  return protocol === "https:" ? 443 : 80;
}

/** A store keeps a redo log beside its file. */
function logsOf({ role, flags }: PlannedProcess): string[] {
  if (role !== "store") return [];
  return flags.flatMap(([flag, value]) => flag === "path" && value !== ":memory:" ? [`${value}-redo`] : []);
}

/** auth hashes passwords and worker computes in Web Workers, whose source Deno counts as a file that is read. */
function sourcesRead({ role }: PlannedProcess, { root }: PermissionOptions): string[] {
  return role === "auth" || role === "worker" ? [`${root}/${role}`] : [];
}
