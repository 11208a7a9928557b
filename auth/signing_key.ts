import { calculateJwkThumbprint, exportJWK, generateKeyPair } from "jose";
import { z } from "zod";
import { TOKEN_ALGORITHM } from "./access_token.ts";
import type { KeySeal } from "./key_seal.ts";

/** A public key as it is published (RFC 7517, RFC 8037). */
export const publicKeySchema = z.object({
  kty: z.literal("OKP"),
  crv: z.literal("Ed25519"),
  x: z.string().regex(/^[\w-]{43}$/),
  kid: z.string().min(1).max(128),
  alg: z.literal(TOKEN_ALGORITHM),
  use: z.literal("sig"),
});
export type PublicKey = z.infer<typeof publicKeySchema>;

/** A key pair as it is kept: from being published, over signing, to being retired. Times in milliseconds. */
export const storedKeySchema = z.object({
  public: publicKeySchema,
  /** The private key, sealed. */
  sealed: z.string(),
  created: z.number(),
  /** From then on it may sign. */
  signsFrom: z.number(),
  /** From then on it is no longer published: every token that it signed has ended. */
  retires: z.number().optional(),
});
export type StoredKey = z.infer<typeof storedKeySchema>;

/** All keys, oldest first. */
export const storedKeysSchema = z.array(storedKeySchema);

/** Makes an Ed25519 key pair. Its id is its thumbprint (RFC 7638), so an id can never stand for two keys. */
export async function makeSigningKey(
  seal: KeySeal,
  times: { created: number; signsFrom: number },
): Promise<StoredKey> {
  const { publicKey, privateKey } = await generateKeyPair(TOKEN_ALGORITHM, {
    crv: "Ed25519",
    extractable: true,
  });
  const jwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(jwk);
  return {
    public: publicKeySchema.parse({ ...jwk, kid, alg: TOKEN_ALGORITHM, use: "sig" }),
    sealed: await seal.seal(await exportJWK(privateKey), kid),
    ...times,
  };
}
