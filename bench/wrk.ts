import { runPinned } from "./pinned.ts";

/** What one run of wrk measured. */
export interface WrkResult {
  /** Answers that came. */
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  /** Milliseconds. */
  readonly p99: number;
  /** Answers other than 2xx and 3xx, and broken connections. */
  readonly errors: number;
}

/** What wrk is to send. */
export interface WrkOptions {
  /** Number of its core. @default those of this process */
  core?: number;
  connections: number;
  seconds: number;
  /** Fields of each request. @default none beyond wrk's own */
  headers?: Readonly<Record<string, string>>;
  /** Path of a Lua script. @default none */
  script?: string;
  /** Arguments of the script. @default none */
  args?: readonly string[];
}

/** Loads `url` with wrk, one thread. */
export async function wrk(url: string, options: WrkOptions): Promise<WrkResult> {
  const { core, connections, seconds, headers = {}, script, args = [] } = options;
  const place = core === undefined ? {} : { core };
  const fields = Object.entries(headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
  const scripted = script === undefined ? [] : ["-s", script];
  const rest = args.length === 0 ? [] : ["--", ...args];
  const load = ["-t1", `-c${connections}`, `-d${seconds}s`, "--latency"];
  const command = ["wrk", ...load, ...fields, ...scripted, url, ...rest];
  return parseWrk(await runPinned(command, place));
}

/** Reads what `wrk --latency` prints. */
export function parseWrk(output: string): WrkResult {
  const number = (pattern: RegExp) => Number(pattern.exec(output)?.[1] ?? 0);
  const percentile = (percent: string) => {
    const [, value, unit] = new RegExp(`^\\s+${percent}%\\s+([\\d.]+)(us|ms|s)`, "m").exec(output) ?? [];
    return unit === "us" ? Number(value) / 1_000 : Number(value) * (unit === "s" ? 1_000 : 1);
  };
  const sockets = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(output)?.slice(
    1,
  );
  const broken = (sockets ?? []).reduce((sum, text) => sum + Number(text), 0);
  return {
    requests: number(/(\d+) requests in /),
    requestsPerSecond: number(/Requests\/sec:\s+([\d.]+)/),
    p50: percentile("50"),
    p99: percentile("99"),
    errors: broken + number(/Non-2xx or 3xx responses: (\d+)/),
  };
}
