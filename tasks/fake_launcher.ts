import type { Exit, Launch, RunningProcess } from "./launch.ts";

/** A process that exists in a test only, which decides when it says something and when it ends. */
export interface FakeProcess extends RunningProcess {
  /** Name of the instance that it was launched as. */
  readonly name: string;
  /** Whether its standard input was closed. */
  readonly inputClosed: boolean;
  /** Whether it was ended by force. */
  readonly killed: boolean;
  /** Writes a line on its standard error. */
  write(line: string): void;
  /** Ends it. */
  exit(code: number, signal?: string): void;
}

/** A {@linkcode Launch} that starts nothing, and what it has been asked to start. */
export interface FakeLauncher {
  readonly launch: Launch;
  /** Every process launched so far, the oldest first. */
  readonly launched: readonly FakeProcess[];
  /** The last one launched by this name. */
  latest(name: string): FakeProcess;
}

/** How fake processes behave. */
export interface FakeLauncherOptions {
  /** Whether a process ends with 0 when its standard input is closed. @default true */
  obedient?: boolean;
}

/** Makes a launcher for tests of what supervises processes. */
export function fakeLauncher(options: FakeLauncherOptions = {}): FakeLauncher {
  const { obedient = true } = options;
  const launched: FakeProcess[] = [];
  return {
    launched,
    launch: ({ name }) => {
      const process = fakeProcess(name, launched.length + 1, obedient);
      launched.push(process);
      return process;
    },
    latest(name) {
      const found = launched.findLast((process) => process.name === name);
      if (found === undefined) throw new TypeError(`Cannot find the process: ${name} was not launched`);
      return found;
    },
  };
}

function fakeProcess(name: string, pid: number, obedient: boolean): FakeProcess {
  const { promise: exited, resolve } = Promise.withResolvers<Exit>();
  const written: string[] = [];
  let inputClosed = false;
  let killed = false;
  const exit = (code: number, signal: string | null = null) => resolve({ code, signal });
  return {
    name,
    pid,
    exited,
    lines: linesUntil(exited, written),
    get inputClosed() {
      return inputClosed;
    },
    get killed() {
      return killed;
    },
    write: (line) => void written.push(line),
    exit,
    closeInput() {
      inputClosed = true;
      if (obedient) exit(0);
    },
    kill() {
      killed = true;
      exit(137, "SIGKILL");
    },
  };
}

/** What was written, told once the process has ended. */
async function* linesUntil(exited: Promise<unknown>, written: readonly string[]): AsyncGenerator<string> {
  await exited;
  yield* written;
}
