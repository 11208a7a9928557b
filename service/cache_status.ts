import type { FieldReader } from "@flotilla/runtime";
import type { Found } from "./tiered_cache.ts";

/** What an answer tells of the caches it came through. */
export type CacheFields = {
  /** Which caches answered, the one nearest to the database first (RFC 9211). */
  readonly "cache-status": string;
  /** Whole seconds since the answer was last known to be right (RFC 9111, section 5.1). */
  readonly age: string;
  /** For the caller alone, who asks each time with `If-None-Match`. */
  readonly "cache-control": string;
};

const NEAR_HIT: CacheFields = {
  "cache-status": "flotilla-near; hit",
  age: "0",
  "cache-control": "private, no-cache",
};
const DISTANCE = { near: 0, shared: 1, database: 2 } as const;

/** The fields of an answer whose parts were found so: it came as far as the farthest and is as old as the oldest. */
export function cacheFields(first: Found<unknown>, ...others: readonly Found<unknown>[]): CacheFields {
  if (others.length === 0 && first.layer === "near" && first.age === 0) return NEAR_HIT;
  const farthest = others.reduce(
    (far, part) => DISTANCE[part.layer] > DISTANCE[far.layer] ? part : far,
    first,
  );
  const age = Math.max(first.age, ...others.map((part) => part.age));
  return {
    "cache-status": cacheStatus(farthest),
    age: String(Math.ceil(age / 1_000)),
    "cache-control": "private, no-cache",
  };
}

/** The value of `Cache-Status` (RFC 9211). */
export function cacheStatus(found: Found<unknown>): string {
  const { layer, age, nearMiss = "uri-miss", sharedMiss = "uri-miss", stored, collapsed } = found;
  const hit = age > 0 ? "hit; detail=stale" : "hit";
  if (layer === "near") return `flotilla-near; ${hit}`;
  const near = `flotilla-near; fwd=${nearMiss}${collapsed ? "; collapsed" : ""}`;
  if (layer === "shared") return `flotilla-shared; ${hit}, ${near}`;
  return `flotilla-shared; fwd=${sharedMiss}${stored ? "; stored" : ""}, ${near}`;
}

const CURRENT = { maxStale: 0, bypass: false };

/** Most seconds that a reader's `max-stale` is taken for. */
const MAX_STALE_SECONDS = 86_400;

/**
 * What the request's `Cache-Control` asks for (RFC 9111, section 5.2.1): `no-cache` reads the database; `max-stale=N` takes
 * what is up to N seconds out of date.
 */
export function readOptionsOf(headers: FieldReader): { maxStale: number; bypass: boolean } {
  const field = headers.get("cache-control");
  if (field === null) return CURRENT;
  const directives = field.toLowerCase().split(",").map((part) => part.trim());
  const stale = directives.map((part) => /^max-stale(?:="?(\d{1,9})"?)?$/.exec(part)).find((match) =>
    match !== null
  );
  const seconds = stale === undefined
    ? 0
    : Math.min(Number(stale[1] ?? MAX_STALE_SECONDS), MAX_STALE_SECONDS);
  return { maxStale: seconds * 1_000, bypass: directives.includes("no-cache") };
}
