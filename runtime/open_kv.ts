import { getLogger } from "@logtape/logtape";
import { type Clock, sleep, systemClock } from "./clock.ts";
import { kvAccessToken } from "./environment.ts";
import { connectKv } from "./kv_connect/connect_kv.ts";
import { KvUnavailableError } from "./kv_connect/kv_errors.ts";

/** How {@linkcode openKv} opens. */
export interface OpenKvOptions {
  /** Milliseconds between two tries to reach a server. @default 100 */
  retryInterval?: number;
  /** Gives up. @default never */
  signal?: AbortSignal;
  /** @default {@linkcode systemClock} */
  clock?: Clock;
  /** @default `connectKv` for a server without TLS, `Deno.openKv` for all else */
  open?: (target: string) => Promise<Deno.Kv>;
}

/**
 * Opens whatever `Deno.openKv` takes: a file path, `:memory:`, or the URL of a KV Connect server, for which it waits
 * when the server cannot be reached yet. A server that refuses (a wrong token) is an error at once.
 *
 * @throws {KvRefusedError} when the server refuses
 * @throws {Error} what `Deno.openKv` throws for another reason, or the signal's reason
 */
export async function openKv(target: string, options: OpenKvOptions = {}): Promise<Deno.Kv> {
  const { retryInterval = 100, signal, clock = systemClock, open = openTarget } = options;
  const logger = getLogger(["flotilla", "kv"]);
  for (let attempt = 1;; attempt++) {
    try {
      return await open(target);
    } catch (error) {
      if (!isUnreachable(error)) throw error;
      if (attempt === 10) logger.warn("Waiting for the KV server at {target}", { target });
      await sleep(retryInterval, { clock, ...(signal === undefined ? {} : { signal }) });
    }
  }
}

/**
 * A server without TLS is spoken to by the client of this repository, which Deno's own is for all others: it sends a request
 * of more than about 1 kB in two pieces, the second 44 ms late (measured with Deno 2.9.6; denoland/deno#35581 is the same of
 * `fetch`), tells the server nothing of a trace, and takes three to ten times the processor's time.
 */
async function openTarget(target: string): Promise<Deno.Kv> {
  if (!/^https?:/.test(target)) return await Deno.openKv(target);
  const accessToken = kvAccessToken();
  const kv = await connectKv(target, { accessToken });
  if (kv !== undefined) return kv;
  // Deno's client takes the token from nowhere else.
  Deno.env.set("DENO_KV_ACCESS_TOKEN", accessToken);
  return await Deno.openKv(target);
}

/** `Deno.openKv` tells an unreachable server from a refusal by its message only. */
function isUnreachable(error: unknown): boolean {
  if (error instanceof KvUnavailableError) return true;
  return error instanceof Error &&
    /failed to connect|Connection refused|error sending request/i.test(error.message);
}
