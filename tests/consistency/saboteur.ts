import { KvOutcomeUnknownError, KvUnavailableError, openKv } from "@flotilla/runtime";

/** What a cache entry has that tells when its value was so. */
interface Stamped {
  readonly kind: string;
  readonly asOf?: { readonly seq: number; readonly epoch: string };
}

/**
 * Breaks the invalidation of a running system from outside, until told to stop: it marks every value in the shared cache
 * as just read from the database. It shows that the checker sees what it has to see.
 *
 * @param options.database URL of the database
 * @param options.cache URL of the shared cache
 */
export async function sabotage(
  options: { database: string; cache: string },
  signal: AbortSignal,
): Promise<void> {
  using database = await openKv(options.database);
  using cache = await openKv(options.cache);
  while (!signal.aborted) {
    const latest = await database.get<{ seq: number; epoch: string }>(["data", "latest"]);
    try {
      if (latest.value !== null) await restamp(cache, latest.value);
    } catch (error) {
      // The cache was killed, as it is now and then: what stood in it is gone, and the next round goes on with the new one.
      if (!(error instanceof KvUnavailableError || error instanceof KvOutcomeUnknownError)) throw error;
    }
  }
}

async function restamp(cache: Deno.Kv, latest: { seq: number; epoch: string }): Promise<void> {
  const prefix = ["data", latest.epoch, "record"];
  for await (const { key, value, versionstamp } of cache.list<Stamped>({ prefix })) {
    if (value.kind !== "value" || value.asOf?.seq === latest.seq) continue;
    await cache.atomic().check({ key, versionstamp }).set(key, { ...value, asOf: latest }, {
      expireIn: 60_000,
    })
      .commit();
  }
}
