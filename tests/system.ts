import { isFree } from "@flotilla/runtime";
import { eventually } from "@flotilla/runtime/testing";
import {
  adminOriginOf,
  parseTopology,
  type PlannedProcess,
  planProcesses,
  type Topology,
  topology,
} from "@flotilla/tasks";
import { fromFileUrl, join } from "@std/path";
import { killProcess } from "./kill_process.ts";
import { removeLeftFolders } from "./left_folders.ts";
import { type Output, readOutput } from "./output.ts";
import { permissionsOfUp, systemPermissions } from "./permissions.ts";

/** How {@linkcode startSystem} starts. */
export interface SystemOptions {
  /** Flags of `deno task up` beyond those that keep it apart from other systems. @default none */
  flags?: readonly string[];
  /** Variables for the supervisor beyond those that Deno itself needs. @default none */
  environment?: Readonly<Record<string, string>>;
  /** Flags of the groups, by the group's name, beyond those of the topology. @default none */
  groupFlags?: Readonly<Record<string, Readonly<Record<string, string | number>>>>;
  /** Which processes, on which ports. @default those of `deno task up`, moved to ports that are free */
  topology?: Topology;
  /** The folder for databases and logs, which outlives the system. @default a new one, removed with the system */
  data?: string;
}

/** The real system: `deno task up` as a process, with fifteen processes below it, on ports and data of its own. */
export interface System extends AsyncDisposable {
  /** Where clients call it. */
  readonly origin: string;
  /** The folder for databases and logs. */
  readonly data: string;
  /** What the supervisor has written. */
  readonly output: Output;
  /** Names of all processes. */
  readonly names: readonly string[];
  /** Where one process listens. */
  originOf(name: string): string;
  /** Where one process answers for itself; for a balancer, not for its upstreams. */
  adminOriginOf(name: string): string;
  /** The process id that one process has now. */
  pidOf(name: string): number;
  /** Ends one process by SIGKILL, at once. */
  kill(name: string): Promise<void>;
  /** Resolves when a process is ready that has another id than `before`. */
  restarted(name: string, before: number): Promise<void>;
  /** Sends the supervisor a signal. */
  signal(signal: "SIGINT" | "SIGTERM" | "SIGKILL"): void;
  /** All that the processes have logged, and what the supervisor has written. */
  logs(): Promise<string>;
  /** Stops the system by Ctrl-C. */
  stop(): Promise<Deno.CommandStatus>;
  /** How the supervisor ended. */
  readonly ended: Promise<Deno.CommandStatus>;
  /** Every port that it listens on. */
  readonly ports: readonly number[];
  readonly topology: Topology;
}

/** A supervisor that was started, ready or not. */
export interface SystemStart extends AsyncDisposable {
  readonly output: Output;
  readonly ended: Promise<Deno.CommandStatus>;
  readonly topology: Topology;
  readonly data: string;
  readonly child: Deno.ChildProcess;
}

/** Whether this process may run, connect, read and write: what it takes to start a system. */
export const canStartSystem: boolean = await systemPermissions();

const UP = fromFileUrl(import.meta.resolve("../tasks/up.ts"));
/** How the names of the folders for databases and logs begin. */
const PREFIX = "flotilla_test_";
/** Longest that a system may take to be ready on a busy machine; milliseconds. */
const PATIENCE = 60_000;

/**
 * Starts the system and waits until it is ready.
 *
 * @throws {Error} when it ends instead; the message has what it wrote
 */
export async function startSystem(options: SystemOptions = {}): Promise<System> {
  const start = await launchSystem(options);
  const { output, ended, child, data } = start;
  const last = await Promise.race([output.line(/^Logs are in /), ended]);
  if (typeof last !== "string") {
    await start[Symbol.asyncDispose]();
    throw new Error(`The system ended instead of being ready:\n${output.text}`);
  }
  const origin = output.all(/^Flotilla is ready on (http:\S+)$/)[0]?.[1] ?? unknownProcess("edge");
  const origins = new Map(
    output.all(/^(\w+) +\w+ +(http:\S+) +\d+ +ready$/).map(([, name = "", at = ""]) => [name, at]),
  );
  const planned = new Map(plansOf(start).map((process) => [process.name, adminOriginOf(process)]));
  const pidOf = (name: string) => lastPid(output, name);
  return {
    origin,
    data,
    output,
    names: [...origins.keys()],
    ended,
    originOf: (name) => origins.get(name) ?? unknownProcess(name),
    adminOriginOf: (name) => planned.get(name) ?? origins.get(name) ?? unknownProcess(name),
    pidOf,
    kill: (name) => killProcess(pidOf(name)),
    async restarted(name, before) {
      await eventually(() => pidOf(name) !== before, {
        timeout: PATIENCE,
        what: `${name} to be ready again`,
      });
    },
    signal: (signal) => child.kill(signal),
    async logs() {
      const files = await Array.fromAsync(Deno.readDir(join(data, "logs")));
      const texts = await Promise.all(files.map(({ name }) => Deno.readTextFile(join(data, "logs", name))));
      return [output.text, ...texts].join("\n");
    },
    stop() {
      child.kill("SIGINT");
      return ended;
    },
    ports: portsOf(start),
    topology: start.topology,
    [Symbol.asyncDispose]: () => start[Symbol.asyncDispose](),
  };
}

/** Starts the supervisor and waits for nothing. */
export async function launchSystem(options: SystemOptions = {}): Promise<SystemStart> {
  const { flags = [], environment = {}, groupFlags = {} } = options;
  const folder = await Deno.makeTempDir({ prefix: PREFIX });
  await removeLeftFolders(folder, PREFIX);
  const { data = join(folder, "data") } = options;
  const shifted = withFlags(options.topology ?? freeTopology(), groupFlags);
  const file = join(folder, "topology.json");
  await Deno.writeTextFile(file, JSON.stringify(shifted));
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", ...permissionsOfUp(data), UP, "--topology", file, "--data", data, "--supervised", ...flags],
    clearEnv: true,
    env: { ...denoEnvironment(), NO_COLOR: "1", OTEL_DENO_TRACING: "false", ...environment },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const output = readOutput(child);
  const ended = child.status;
  return {
    output,
    ended,
    topology: shifted,
    data,
    child,
    async [Symbol.asyncDispose]() {
      await child.stdin.close().catch(() => {});
      await ended;
      await output.ended;
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** What Deno needs to find its packages. Anything else a test may have set would leak into the system. */
function denoEnvironment(): Record<string, string> {
  const given = ["HOME", "DENO_DIR", "XDG_CACHE_HOME", "LOCALAPPDATA", "PATH", "TMPDIR"];
  return Object.fromEntries(given.flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  }));
}

/** Every port that a system of this topology listens on. */
export function portsOf(system: Pick<SystemStart, "topology">): number[] {
  return plansOf(system).flatMap(({ port, adminPort }) =>
    adminPort === undefined ? [port] : [port, adminPort]
  );
}

function plansOf(system: Pick<SystemStart, "topology">): PlannedProcess[] {
  return planProcesses(parseTopology(system.topology, "test"), { data: "" });
}

/** The topology of `deno task up` moved to ports that are free, below those that Linux gives to clients. */
function freeTopology(): Topology {
  for (;;) {
    const offset = 10_000 + 200 * Math.floor(Math.random() * 70);
    const moved = shift(topology, offset);
    if (portsOf({ topology: moved }).every((port) => isFree(port))) return moved;
  }
}

function shift({ extraPorts, groups }: Topology, offset: number): Topology {
  return {
    extraPorts: extraPorts + offset,
    groups: groups.map((group) => {
      if ("ports" in group) return { ...group, ports: group.ports.map((port) => port + offset) };
      const { adminPort } = group;
      return {
        ...group,
        port: group.port + offset,
        ...(adminPort === undefined ? {} : { adminPort: adminPort + offset }),
      };
    }),
  };
}

function withFlags(
  { extraPorts, groups }: Topology,
  flags: NonNullable<SystemOptions["groupFlags"]>,
): Topology {
  return {
    extraPorts,
    groups: groups.map((group) => ({ ...group, flags: { ...group.flags, ...flags[group.name] } })),
  };
}

function lastPid(output: Output, name: string): number {
  const inTable = output.all(new RegExp(`^${name} +\\w+ +http:\\S+ +(\\d+) +ready$`));
  const again = output.all(new RegExp(`^${name} +\\| is ready again, as process (\\d+)$`));
  const pid = [...inTable, ...again].at(-1)?.[1];
  return pid === undefined ? unknownProcess(name) : Number(pid);
}

function unknownProcess(name: string): never {
  throw new TypeError(`Cannot find the process: ${name} is not part of the system`);
}
