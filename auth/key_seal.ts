import { compactDecrypt, CompactEncrypt, errors, type JWK } from "jose";
import { z } from "zod";
import { deriveKey } from "./derived_key.ts";

/** Keeps private keys unreadable where they are stored. */
export interface KeySeal {
  /** The sealed form of a private key: a JWE (RFC 7516) bound to the key's id. */
  seal(privateKey: JWK, kid: string): Promise<string>;
  /** The private key again; `undefined` when it was sealed with another internal key, or altered. */
  open(sealed: string, kid: string): Promise<JWK | undefined>;
}

const privateKeySchema = z.object({
  kty: z.literal("OKP"),
  crv: z.literal("Ed25519"),
  x: z.string(),
  d: z.string(),
});

/** Seals with AES-256-GCM under a key derived from the internal key: a copy of the database signs no token. */
export function createKeySeal(internalKey: string): KeySeal {
  const secret = deriveKey(internalKey, "signing-key-seal");
  return {
    async seal(privateKey, kid) {
      const plain = new TextEncoder().encode(JSON.stringify(privateKey));
      return await new CompactEncrypt(plain)
        .setProtectedHeader({ alg: "dir", enc: "A256GCM", kid })
        .encrypt(await secret);
    },
    async open(sealed, kid) {
      try {
        const { plaintext, protectedHeader } = await compactDecrypt(sealed, await secret, {
          keyManagementAlgorithms: ["dir"],
          contentEncryptionAlgorithms: ["A256GCM"],
        });
        if (protectedHeader.kid !== kid) return undefined;
        return privateKeySchema.parse(JSON.parse(new TextDecoder().decode(plaintext)));
      } catch (error) {
        if (error instanceof errors.JOSEError) return undefined;
        throw error;
      }
    },
  };
}
