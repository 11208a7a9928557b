import { importJWK } from "jose";
import { z } from "zod";
import { TOKEN_ALGORITHM } from "./access_token.ts";
import { type PublicKey, publicKeySchema } from "./signing_key.ts";

/** The keys that tokens may be signed with. */
export interface TrustedKeys {
  /** The key of this id among those at hand: no waiting, for tokens that were checked before. */
  get(kid: string): CryptoKey | undefined;
  /**
   * The key of this id, looked for anew when it is not at hand.
   *
   * @throws {ProblemError} 503 when no key at all is known yet
   */
  find(kid: string): Promise<CryptoKey | undefined>;
}

const keySetSchema = z.object({ keys: z.array(z.unknown()).max(100) });

/** The keys of a JWK set (RFC 7517) by id. Those of another kind are passed over, as its section 5 asks. */
export async function readKeySet(json: unknown): Promise<Map<string, CryptoKey>> {
  const keys = new Map<string, CryptoKey>();
  for (const candidate of keySetSchema.parse(json).keys) {
    const { success, data } = publicKeySchema.safeParse(candidate);
    const key = success ? await importPublicKey(data) : undefined;
    if (success && key !== undefined) keys.set(data.kid, key);
  }
  return keys;
}

/** Keys that never change, for tests and for programs that have them at hand. */
export async function fixedKeys(keys: readonly PublicKey[]): Promise<TrustedKeys> {
  const byId = await readKeySet({ keys });
  return { get: (kid) => byId.get(kid), find: (kid) => Promise.resolve(byId.get(kid)) };
}

async function importPublicKey(jwk: PublicKey): Promise<CryptoKey | undefined> {
  const { kty, crv, x } = jwk;
  const key = await importJWK({ kty, crv, x }, TOKEN_ALGORITHM).catch(() => undefined);
  return key instanceof CryptoKey ? key : undefined;
}
