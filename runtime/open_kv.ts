import { deserialize, Serializer } from "node:v8";
import { openKv as openFetchKv } from "@deno/kv";
import { getLogger } from "@logtape/logtape";
import { type Clock, sleep, systemClock } from "./clock.ts";
import { kvAccessToken } from "./environment.ts";
import { withFetchedReads } from "./fetched_reads.ts";
import { withPromptCommits } from "./prompt_commits.ts";

/** How {@linkcode openKv} opens. */
export interface OpenKvOptions {
  /** Milliseconds between two tries to reach a server. @default 100 */
  retryInterval?: number;
  /** Gives up. @default never */
  signal?: AbortSignal;
  /** @default {@linkcode systemClock} */
  clock?: Clock;
  /** @default `Deno.openKv`, and for a URL `withPromptCommits` and `withFetchedReads` around it */
  open?: (target: string) => Promise<Deno.Kv>;
}

/**
 * Opens whatever `Deno.openKv` takes: a file path, `:memory:`, or the URL of a KV Connect server, for which it waits
 * when the server cannot be reached yet. A server that refuses (a wrong token) is an error at once.
 *
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

async function openTarget(target: string): Promise<Deno.Kv> {
  if (!/^https?:/.test(target)) return await Deno.openKv(target);
  const accessToken = kvAccessToken();
  // Deno's client takes the token from nowhere else.
  Deno.env.set("DENO_KV_ACCESS_TOKEN", accessToken);
  const calling = await openFetchKv(target, { accessToken, implementation: "remote", ...V8 });
  return withPromptCommits(withFetchedReads(await Deno.openKv(target), calling), calling);
}

/** How the other client writes and reads values: as Deno does. */
const V8 = { encodeV8, decodeV8: deserialize };

/** `serialize` of `node:v8` writes typed arrays in a way of Node's own. */
function encodeV8(value: unknown): Uint8Array {
  const serializer = new Serializer();
  serializer.writeHeader();
  serializer.writeValue(value);
  return serializer.releaseBuffer();
}

/**
 * `Deno.openKv` tells an unreachable server from a refusal by its message only; the other client says no more than that it
 * failed to fetch, and the cause says why.
 */
function isUnreachable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return /failed to connect|Connection refused|error sending request/i.test(error.message) ||
    isUnreachable(error.cause);
}
