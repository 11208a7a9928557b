import { MAX_READ_KEYS } from "@flotilla/runtime";

/** What stands under each of any number of keys, a few in each request to the store; not all of it at one moment. */
export async function readKeys(
  kv: Deno.Kv,
  keys: readonly Deno.KvKey[],
): Promise<Deno.KvEntryMaybe<unknown>[]> {
  const reads: Promise<Deno.KvEntryMaybe<unknown>[]>[] = [];
  for (let start = 0; start < keys.length; start += MAX_READ_KEYS) {
    reads.push(kv.getMany<unknown[]>(keys.slice(start, start + MAX_READ_KEYS)));
  }
  return (await Promise.all(reads)).flat();
}
