import type { Kv as FetchKv, KvKey as FetchKvKey } from "@deno/kv";
import { overrideKv } from "./override_kv.ts";
import { sampledTraceparent } from "./tracing.ts";

/**
 * The same database, whose reads of keys go over `fetch` while a request is answered whose trace is recorded: Deno's own
 * KV client tells the server nothing of the trace, and Deno's `fetch` does. All else, and whatever `fetch` cannot
 * deliver, goes the way of Deno's own client.
 *
 * Lists do too: the two clients' cursors are not the same, and a page begun with one must be gone on with by any.
 *
 * @param kv opened by `Deno.openKv`
 * @param traced a client of the same server that calls by `fetch`
 */
export function withTracedReads(kv: Deno.Kv, traced: Pick<FetchKv, "get" | "getMany">): Deno.Kv {
  return overrideKv(kv, {
    async get<T>(key: Deno.KvKey, options?: ReadOptions): Promise<Deno.KvEntryMaybe<T>> {
      if (!isTraced() || !isNamed(key)) return await kv.get<T>(key, options);
      return await traced.get<T>(key, options).catch(() => kv.get<T>(key, options));
    },
    async getMany<T extends readonly unknown[]>(
      keys: Keys<T, Deno.KvKey>,
      options?: ReadOptions,
    ): Promise<{ [K in keyof T]: Deno.KvEntryMaybe<T[K]> }> {
      if (!isTraced() || !areNamed(keys)) return await kv.getMany<T>(keys, options);
      return await traced.getMany<T>(keys, options).catch(() => kv.getMany<T>(keys, options));
    },
  });
}

type ReadOptions = { consistency?: Deno.KvConsistencyLevel };
type Keys<T extends readonly unknown[], Key> = readonly [...{ [K in keyof T]: Key }];

function isTraced(): boolean {
  return sampledTraceparent() !== undefined;
}

/** Whether both clients know keys of this kind: symbols, which name nothing that is stored, are Deno's alone. */
function isNamed(key: Deno.KvKey): key is FetchKvKey {
  return !key.some((part) => typeof part === "symbol");
}

function areNamed<T extends readonly unknown[]>(keys: Keys<T, Deno.KvKey>): keys is Keys<T, FetchKvKey> {
  return keys.every(isNamed);
}
