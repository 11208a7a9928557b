/** A process of a benchmark, held on one core where one is named, and ended with the `using` block that started it. */
export interface Pinned extends AsyncDisposable {
  readonly pid: number;
  /** Whether it has ended by itself. */
  readonly ended: boolean;
  /** Sends it a signal; nothing happens when it has ended. */
  signal(signal: Deno.Signal): void;
  /** What it wrote on standard error so far. */
  errors(): string;
}

/** How {@linkcode startPinned} starts. */
export interface PinnedOptions {
  /** Number of the core. @default those of this process */
  core?: number;
  /** @default this process's environment */
  env?: Record<string, string>;
  /** @default this process's folder */
  cwd?: string;
}

/** Milliseconds that a program has to stop when it is asked to. */
const STOP_TIME = 3_000;

/** Starts a program. */
export function startPinned(command: readonly string[], options: PinnedOptions): Pinned {
  const { env = {}, cwd } = options;
  const [program = "", ...args] = held(command, options.core);
  const child = new Deno.Command(program, {
    args,
    env,
    ...(cwd === undefined ? {} : { cwd }),
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let errors = "";
  const read = child.stderr.pipeThrough(new TextDecoderStream()).pipeTo(
    new WritableStream({ write: (text) => void (errors = (errors + text).slice(-4_000)) }),
  );
  let ended = false;
  const status = child.status.finally(() => ended = true);
  const signal = (signal: Deno.Signal) => ended || child.kill(signal);
  return {
    pid: child.pid,
    signal,
    errors: () => errors,
    get ended() {
      return ended;
    },
    async [Symbol.asyncDispose]() {
      // A killed nginx would leave its workers behind, and they would answer for whoever is measured next on their port.
      signal("SIGTERM");
      const late = setTimeout(signal, STOP_TIME, "SIGKILL");
      await status;
      clearTimeout(late);
      await read.catch(() => {});
    },
  };
}

/** The command that runs `command` on that core. */
function held(command: readonly string[], core: number | undefined): readonly string[] {
  return core === undefined ? command : ["taskset", "-c", String(core), ...command];
}

/** Runs a program to its end and gives what it wrote. */
export async function runPinned(command: readonly string[], options: PinnedOptions): Promise<string> {
  const { env = {} } = options;
  const [program = "", ...args] = held(command, options.core);
  const output = await new Deno.Command(program, {
    args,
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const [out, err] = [output.stdout, output.stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (!output.success) throw new Error(`Cannot run ${command[0]}: it ended with ${output.code}: ${err}`);
  return out ?? "";
}

/**
 * Waits until the address answers.
 *
 * @throws {Error} when nothing does in time, or the process has ended: what answers then is another one
 */
export async function answering(url: string, process: Pinned): Promise<void> {
  const end = performance.now() + 15_000;
  while (performance.now() < end) {
    try {
      const response = await fetch(url);
      await response.body?.cancel();
      if (response.ok && !(await endsAtOnce(process))) return;
    } catch {
      // It does not listen yet.
    }
    if (process.ended) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const trouble = process.ended ? "the process has ended" : `nothing answers at ${url}`;
  throw new Error(`Cannot start: ${trouble}: ${process.errors()}`);
}

/** Whether a process that seems to answer is about to end, since another one has its port. */
async function endsAtOnce(process: Pinned): Promise<boolean> {
  await new Promise((resolve) => setTimeout(resolve, 200));
  return process.ended;
}
