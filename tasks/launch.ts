import { type Environment, processEnvironment } from "@flotilla/runtime";
import { join } from "@std/path";
import { TextLineStream } from "@std/streams";
import { permissionsOf } from "./permissions.ts";
import type { PlannedProcess } from "./plan.ts";
import { environmentOf } from "./role_environment.ts";
import { telemetryFlags, telemetryIdentity } from "./telemetry_identity.ts";
import { v8Flags } from "./v8_flags.ts";

/** How a process ended. */
export interface Exit {
  readonly code: number;
  /** The signal that ended it, or null when it ended by itself. */
  readonly signal: string | null;
}

/** A process that was started. */
export interface RunningProcess {
  readonly pid: number;
  /** What it writes on standard error, line by line; ends with it. */
  readonly lines: AsyncIterable<string>;
  readonly exited: Promise<Exit>;
  /** Ends its standard input, which tells a supervised process to drain and stop. Safe when it has gone. */
  closeInput(): void;
  /** Ends it at once (SIGKILL). Safe when it has gone. */
  kill(): void;
}

/** Starts a process. */
export type Launch = (process: PlannedProcess) => RunningProcess;

/** How {@linkcode denoLauncher} starts processes. */
export interface LaunchOptions {
  /** The folder of the workspace, absolute. */
  root: string;
  /** Seconds that a role lets requests finish when it is told to stop. */
  drain: number;
  /** All processes of the system, each time one is started, for those that look at the others. @default none */
  processes?: () => readonly PlannedProcess[];
  /** Where the supervisor takes orders. @default it takes none */
  control?: string;
  /** Flags that one process gets beyond its own. @default none */
  extraFlags?: (process: PlannedProcess) => readonly string[];
  /** @default the process's own */
  environment?: Environment;
}

/** Starts roles as processes of the Deno that runs this program, each with its exact permissions. */
export function denoLauncher(options: LaunchOptions): Launch {
  const { environment = processEnvironment, processes = () => [] } = options;
  return (process) => {
    const child = new Deno.Command(Deno.execPath(), {
      args: launchArguments(process, options),
      clearEnv: true,
      env: {
        ...environmentOf(process.role, environment),
        ...telemetryIdentity(process, { processes: processes(), environment }),
        NO_COLOR: "1",
      },
      stdin: "piped",
      stdout: "null",
      stderr: "piped",
      // A session of its own: Ctrl-C in the terminal reaches the supervisor alone, which then drains in order.
      detached: true,
    }).spawn();
    return {
      pid: child.pid,
      lines: child.stderr.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream()),
      exited: child.status,
      closeInput: () => void child.stdin.close().catch(() => {}),
      kill: () => killSafely(child),
    };
  };
}

/** The arguments of `deno` that run a process. Its packages are expected to be cached already. */
export function launchArguments(process: PlannedProcess, options: LaunchOptions): string[] {
  const { root, drain, processes = () => [], control, extraFlags = () => [] } = options;
  const { environment = processEnvironment } = options;
  const { adminPort } = process;
  return [
    "run",
    "--no-prompt",
    "--cached-only",
    ...v8Flags(process.role),
    ...permissionsOf(process, {
      root,
      processes: processes(),
      ...(control === undefined ? {} : { control }),
    }),
    join(root, process.role, "main.ts"),
    ...[`--port=${process.port}`, `--host=${process.host}`, `--name=${process.name}`],
    ...(adminPort === undefined ? [] : [`--admin-port=${adminPort}`]),
    ...process.flags.map(([flag, value]) => `--${flag}=${value}`),
    ...[`--drain=${drain}`, "--supervised"],
    ...telemetryFlags(process, { processes: processes(), environment }),
    ...extraFlags(process),
  ];
}

function killSafely(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch (error) {
    // It has ended between our decision and the signal.
    if (!(error instanceof TypeError) && !(error instanceof Deno.errors.NotFound)) throw error;
  }
}
