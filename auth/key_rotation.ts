import { type Clock, systemClock } from "@flotilla/runtime";
import { atomicChange } from "./atomic_change.ts";
import { withKey } from "./key_ring.ts";
import { createKeySeal } from "./key_seal.ts";
import { SIGNING_KEYS } from "./keyspace.ts";
import { makeSigningKey, type StoredKey, storedKeysSchema } from "./signing_key.ts";

/** How {@linkcode rotateKeys} rotates. */
export interface RotationOptions {
  kv: Deno.Kv;
  /** The key that all roles share. */
  internalKey: string;
  /** Seconds that an access token lives. @default 900 */
  tokenLifetime?: number;
  /** Seconds that the published keys may be cached. @default 600 */
  keysMaxAge?: number;
  /**
   * Whether the keys so far must go at once since one of them leaked: every token signed until now is refused as soon as
   * the verifiers have fetched the keys again, and their owners refresh or sign in. @default false
   */
  compromised?: boolean;
  /** @default `systemClock` */
  clock?: Clock;
}

/** What a rotation did. */
export interface Rotation {
  /** The new key's id. */
  readonly kid: string;
  /** When it begins to sign; milliseconds since the epoch. */
  readonly signsFrom: number;
  /** When the keys before it are withdrawn; milliseconds since the epoch. */
  readonly retires: number;
}

/** Within it every auth service has read the keys again and publishes the new one; seconds. */
const SPREAD = 60;

/**
 * Adds a signing key: published at once, it signs only when every verifier must have fetched it, and the keys before it
 * stay published until all that they signed has ended. No token is refused meanwhile.
 *
 * @throws {RangeError} when a time is negative, or too many rotations are under way
 */
export async function rotateKeys(options: RotationOptions): Promise<Rotation> {
  const { kv, internalKey, tokenLifetime = 900, keysMaxAge = 600 } = options;
  const { compromised = false, clock = systemClock } = options;
  for (const [name, value] of Object.entries({ tokenLifetime, keysMaxAge })) {
    if (!(value >= 0)) {
      throw new RangeError(`Cannot rotate keys: ${name} must be 0 seconds or more, got ${value}`);
    }
  }
  const now = clock.now();
  const signsFrom = compromised ? now : now + (keysMaxAge + SPREAD) * 1_000;
  const retireAfter = (tokenLifetime + keysMaxAge) * 1_000;
  const made = await makeSigningKey(createKeySeal(internalKey), { created: now, signsFrom });
  const { kid } = made.public;
  const result = { kid, signsFrom, retires: compromised ? now : signsFrom + retireAfter };
  return await atomicChange<Rotation>(async () => {
    const entry = await kv.get(SIGNING_KEYS);
    const keys = entry.value === null ? [] : storedKeysSchema.parse(entry.value);
    if (keys.some((key) => key.public.kid === kid)) return { done: result };
    const next: StoredKey[] = compromised ? [made] : withKey(keys, made, { now, retireAfter });
    return { operation: kv.atomic().check(entry).set(SIGNING_KEYS, next), result };
  });
}
