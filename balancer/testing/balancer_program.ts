import { eventually } from "@flotilla/runtime/testing";
import { fromFileUrl } from "@std/path";

/** The balancer's process. */
export interface Program extends AsyncDisposable {
  /** Where it listens: `127.0.0.1:8000`. */
  readonly address: string;
}

const MAIN = fromFileUrl(new URL("../main.ts", import.meta.url));

/** How the process is started. */
export interface BalancerProgramOptions {
  /** Its flags, besides the port. */
  readonly flags: readonly string[];
  /** Flags of `deno run`. @default none */
  readonly deno?: readonly string[];
  /** How many descriptors it may have open. @default as many as this process */
  readonly descriptors?: number;
}

/** Starts the balancer's process on a free port; resolves when it listens. */
export async function startBalancer(options: BalancerProgramOptions): Promise<Program> {
  const { flags, deno = [], descriptors } = options;
  const child = spawn(["run", "--no-prompt", "-A", ...deno, MAIN, "--port", "0", ...flags], descriptors);
  let said = "";
  const reading = child.stderr.pipeThrough(new TextDecoderStream()).pipeTo(
    new WritableStream({ write: (text) => void (said += text) }),
  );
  const address = await eventually(() => /listens on (?:https?:\/\/)?([\w.]+:\d+)/.exec(said)?.[1], {
    timeout: 60_000,
    what: "a balancer that listens",
    unless: reading,
  });
  return {
    address,
    async [Symbol.asyncDispose]() {
      child.kill("SIGINT");
      await child.status;
      await reading;
    },
  };
}

/** Runs the balancer's process, which is to refuse to start; gives its exit code and what it said. */
export async function runBalancer(...args: string[]): Promise<{ code: number; said: string }> {
  const { code, stderr } = await spawn(["run", "--no-prompt", "-A", MAIN, ...args]).output();
  return { code, said: new TextDecoder().decode(stderr) };
}

function spawn(args: readonly string[], descriptors?: number) {
  const deno = [Deno.execPath(), ...args];
  const limited = ["sh", "-c", `ulimit -n ${descriptors}; exec "$@"`, "sh", ...deno];
  const [program = "", ...rest] = descriptors === undefined ? deno : limited;
  return new Deno.Command(program, {
    args: rest,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
}
