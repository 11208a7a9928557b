import type { Kv as FetchKv, KvKey as FetchKvKey } from "@deno/kv";
import { overrideKv } from "./override_kv.ts";
import { sampledTraceparent } from "./tracing.ts";
import { weigh } from "./weigh.ts";

/**
 * So many keys at most should be read together: Deno KV takes ten, but the names of ten keys of ours are often more than
 * Deno's client sends at once, and `fetch` reads at three times the cost.
 */
export const PROMPT_KEYS = 8;

/**
 * Bytes of keys from which a read goes over `fetch`. Each key is sent twice, as the two ends of a range, and a request of more
 * than about 1 kB takes Deno 2.9.6's client 44 ms (measured; `prompt_commits.ts` says why).
 */
const LARGE = 430;

/**
 * The same database, whose reads of keys go over `fetch` in two cases: where the keys are too long for Deno's own client to
 * send at once, and while a request is answered whose trace is recorded, of which Deno's client tells the server nothing.
 * All else, and whatever `fetch` cannot deliver, goes the way of Deno's own client.
 *
 * Lists do too: the two clients' cursors are not the same, and a page begun with one must be gone on with by any.
 *
 * @param kv opened by `Deno.openKv`
 * @param fetching a client of the same server that calls by `fetch`
 */
export function withFetchedReads(kv: Deno.Kv, fetching: Pick<FetchKv, "get" | "getMany">): Deno.Kv {
  return overrideKv(kv, {
    async get<T>(key: Deno.KvKey, options?: ReadOptions): Promise<Deno.KvEntryMaybe<T>> {
      if (!isFetched([key]) || !isNamed(key)) return await kv.get<T>(key, options);
      return await fetching.get<T>(key, options).catch(() => kv.get<T>(key, options));
    },
    async getMany<T extends readonly unknown[]>(
      keys: Keys<T, Deno.KvKey>,
      options?: ReadOptions,
    ): Promise<{ [K in keyof T]: Deno.KvEntryMaybe<T[K]> }> {
      if (!isFetched(keys) || !areNamed(keys)) return await kv.getMany<T>(keys, options);
      return await fetching.getMany<T>(keys, options).catch(() => kv.getMany<T>(keys, options));
    },
  });
}

type ReadOptions = { consistency?: Deno.KvConsistencyLevel };
type Keys<T extends readonly unknown[], Key> = readonly [...{ [K in keyof T]: Key }];

function isFetched(keys: readonly Deno.KvKey[]): boolean {
  return sampledTraceparent() !== undefined || weigh(keys, LARGE + 1) > LARGE;
}

/** Whether both clients know keys of this kind: symbols, which name nothing that is stored, are Deno's alone. */
function isNamed(key: Deno.KvKey): key is FetchKvKey {
  return !key.some((part) => typeof part === "symbol");
}

function areNamed<T extends readonly unknown[]>(keys: Keys<T, Deno.KvKey>): keys is Keys<T, FetchKvKey> {
  return keys.every(isNamed);
}
