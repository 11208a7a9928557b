import { type Clock, systemClock } from "@flotilla/runtime";
import { getLogger } from "@logtape/logtape";
import { importJWK } from "jose";
import { TOKEN_ALGORITHM } from "./access_token.ts";
import type { KeySeal } from "./key_seal.ts";
import { SIGNING_KEYS } from "./keyspace.ts";
import { makeSigningKey, type PublicKey, type StoredKey, storedKeysSchema } from "./signing_key.ts";

/** A private key in memory. */
export interface Signer {
  readonly kid: string;
  readonly key: CryptoKey;
}

/** The signing keys, the same for every auth service on the database. */
export interface KeyRing {
  /** The key to sign with now; the first call of all makes it. */
  signer(): Promise<Signer>;
  /** The keys to publish: those that sign, will sign, or have signed what is still valid. */
  published(): Promise<readonly PublicKey[]>;
}

/** How {@linkcode createKeyRing} works. */
export interface KeyRingOptions {
  kv: Deno.Kv;
  seal: KeySeal;
  /** Milliseconds that a key stays published after another one took over: a token's life and more. */
  retireAfter: number;
  /** Milliseconds after which the database is asked again, so that a rotation is noticed. @default 15_000 */
  reloadAfter?: number;
  /** @default `systemClock` */
  clock?: Clock;
}

interface Loaded {
  readonly at: number;
  readonly keys: readonly StoredKey[];
  readonly signers: readonly (Signer & { readonly signsFrom: number })[];
}

/**
 * Holds the signing keys of the database. When there is none that this process can open, it makes one. Services that
 * start at the same moment end up with the same key: only the first write goes through, and the others read it.
 */
export function createKeyRing(options: KeyRingOptions): KeyRing {
  const { kv, seal, retireAfter, reloadAfter = 15_000, clock = systemClock } = options;
  const logger = getLogger(["flotilla", "auth"]);
  let loaded: Loaded | undefined;
  let loading: Promise<Loaded> | undefined;

  async function load(): Promise<Loaded> {
    for (;;) {
      const entry = await kv.get(SIGNING_KEYS);
      const keys = entry.value === null ? [] : storedKeysSchema.parse(entry.value);
      const now = clock.now();
      const signers = await openSigners(keys, seal, now);
      if (signers.some(({ signsFrom }) => signsFrom <= now)) return { at: now, keys, signers };
      if (keys.length > 0) logger.warn("No signing key of the database can be opened: making another one");
      const made = await makeSigningKey(seal, { created: now, signsFrom: now });
      // Whether this write went through or another's did, what stands now is what counts.
      await kv.atomic().check(entry).set(SIGNING_KEYS, withKey(keys, made, { now, retireAfter })).commit();
    }
  }

  async function reload(): Promise<Loaded> {
    try {
      loaded = await load();
      return loaded;
    } catch (error) {
      if (loaded === undefined) throw error;
      logger.warn("The signing keys cannot be read again: going on with those at hand", { error });
      loaded = { ...loaded, at: clock.now() };
      return loaded;
    } finally {
      loading = undefined;
    }
  }

  function current(): Promise<Loaded> {
    if (loaded !== undefined && clock.now() - loaded.at < reloadAfter) return Promise.resolve(loaded);
    return loading ??= reload();
  }

  return {
    async signer() {
      const { signers } = await current();
      const now = clock.now();
      const signer = signers.findLast(({ signsFrom }) => signsFrom <= now);
      if (signer === undefined) throw new TypeError("Cannot sign: no signing key is in force");
      return signer;
    },
    async published() {
      const now = clock.now();
      return (await current()).keys.filter((key) => !isRetired(key, now)).map((key) => key.public);
    },
  };
}

/** The most keys that are kept: a rotation a minute would come near it. */
const MOST_KEYS = 32;

/**
 * The keys after `added` joined them, in the order in which they sign: each retires when all that it signed until the next
 * one took over has ended, and those that have retired are gone.
 *
 * @throws {RangeError} when there would be too many
 */
export function withKey(
  keys: readonly StoredKey[],
  added: StoredKey,
  options: { now: number; retireAfter: number },
): StoredKey[] {
  const { now, retireAfter } = options;
  const kept = [...keys.filter((key) => !isRetired(key, now)), added];
  if (kept.length > MOST_KEYS) {
    throw new RangeError(`Cannot add a signing key: at most ${MOST_KEYS} are kept, got ${kept.length}`);
  }
  const inTurn = kept.toSorted((a, b) => a.signsFrom - b.signsFrom);
  return inTurn.map((key, index) => {
    const next = inTurn[index + 1];
    return next === undefined ? key : { ...key, retires: key.retires ?? next.signsFrom + retireAfter };
  });
}

function isRetired(key: StoredKey, now: number): boolean {
  return key.retires !== undefined && key.retires <= now;
}

async function openSigners(
  keys: readonly StoredKey[],
  seal: KeySeal,
  now: number,
): Promise<Loaded["signers"]> {
  const opened = await Promise.all(
    keys.filter((key) => !isRetired(key, now)).map(async (stored) => {
      const { kid } = stored.public;
      const jwk = await seal.open(stored.sealed, kid);
      if (jwk === undefined) return undefined;
      const key = await importJWK(jwk, TOKEN_ALGORITHM);
      return key instanceof CryptoKey ? { kid, key, signsFrom: stored.signsFrom } : undefined;
    }),
  );
  return opened.filter((signer) => signer !== undefined).toSorted((a, b) => a.signsFrom - b.signsFrom);
}
