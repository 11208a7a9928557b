import { eventually } from "@flotilla/runtime/testing";
import { fromFileUrl } from "@std/path";

/** The balancer's process, or another one that listens as it does. */
export interface Program extends AsyncDisposable {
  /** Where it listens: `127.0.0.1:8000`. */
  readonly address: string;
}

const MAIN = fromFileUrl(new URL("../main.ts", import.meta.url));

/** Starts the balancer's process on a free port; resolves when it listens. */
export async function startBalancer(...args: string[]): Promise<Program> {
  return await startProgram(["run", "--no-prompt", "-A", MAIN, "--port", "0", ...args]);
}

/** Starts a program with Deno; resolves when its log says where it listens. */
export async function startProgram(args: readonly string[]): Promise<Program> {
  const child = spawn(args);
  let said = "";
  const reading = child.stderr.pipeThrough(new TextDecoderStream()).pipeTo(
    new WritableStream({ write: (text) => void (said += text) }),
  );
  const address = await eventually(() => /listens on (?:https?:\/\/)?([\w.]+:\d+)/.exec(said)?.[1]);
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

function spawn(args: readonly string[]) {
  return new Deno.Command(Deno.execPath(), {
    args: [...args],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
}
