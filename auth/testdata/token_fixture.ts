import { ManualClock } from "@flotilla/runtime/testing";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { RIGHTS } from "../principal.ts";
import { type PublicKey, publicKeySchema } from "../signing_key.ts";
import { createTokenVerifier, type TokenVerifier, type TokenVerifierOptions } from "../token_verifier.ts";
import { fixedKeys } from "../trusted_keys.ts";

/** A key pair with its published form. */
export interface TestKey {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly published: PublicKey;
}

/** A new key of this id. */
export async function makeKey(kid: string): Promise<TestKey> {
  const { publicKey, privateKey } = await generateKeyPair("EdDSA", { crv: "Ed25519" });
  const published = publicKeySchema.parse({ ...await exportJWK(publicKey), kid, alg: "EdDSA", use: "sig" });
  return { kid, privateKey, published };
}

/** What of a right token is made otherwise; `undefined` leaves a claim or a header out. */
export interface TokenChanges {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly key?: TestKey;
}

/** A verifier that trusts one key, and tokens of that key. */
export interface TokenFixture {
  readonly clock: ManualClock;
  readonly key: TestKey;
  readonly verifier: TokenVerifier;
  token(changes?: TokenChanges): Promise<string>;
}

/** Makes a {@linkcode TokenFixture}. */
export async function tokenFixture(options: Partial<TokenVerifierOptions> = {}): Promise<TokenFixture> {
  const clock = new ManualClock();
  const key = await makeKey("k-1");
  const keys = await fixedKeys([key.published]);
  const verifier = createTokenVerifier({ keys, clock, ...options });
  let made = 0;

  async function token({ header = {}, claims = {}, key: signer = key }: TokenChanges = {}): Promise<string> {
    const now = Math.floor(clock.now() / 1_000);
    const right = {
      iss: "flotilla",
      aud: "flotilla-api",
      sub: "ann",
      jti: `t-${made++}`,
      sid: "k0-session",
      role: "user",
      rights: RIGHTS.user,
      iat: now,
      nbf: now,
      exp: now + 900,
    };
    return await new SignJWT({ ...right, ...claims })
      .setProtectedHeader({ alg: "EdDSA", typ: "at+jwt", kid: signer.kid, ...header })
      .sign(signer.privateKey, { crit: { "x-own": true } });
  }

  return { clock, key, verifier, token };
}
