import { type Clock, systemClock } from "@flotilla/runtime";
import { SignJWT } from "jose";
import { TOKEN_ALGORITHM, TOKEN_AUDIENCE, TOKEN_ISSUER, TOKEN_TYPE } from "./access_token.ts";
import type { KeyRing } from "./key_ring.ts";
import { RIGHTS, type Role } from "./principal.ts";

/** Makes access tokens. */
export interface TokenIssuer {
  /** Seconds that a token lives. */
  readonly lifetime: number;
  /** A token for a session. */
  issue(owner: { username: string; role: Role; session: string }): Promise<string>;
}

/** How {@linkcode createTokenIssuer} signs. */
export interface TokenIssuerOptions {
  keys: KeyRing;
  /** Seconds that a token lives. */
  lifetime: number;
  /** `iss`. @default `TOKEN_ISSUER` */
  issuer?: string;
  /** `aud`. @default `TOKEN_AUDIENCE` */
  audience?: string;
  /** @default `systemClock` */
  clock?: Clock;
}

/** Signs access tokens: JWTs (RFC 7519) with the claims of RFC 9068, by Ed25519. */
export function createTokenIssuer(options: TokenIssuerOptions): TokenIssuer {
  const { keys, lifetime, issuer = TOKEN_ISSUER, audience = TOKEN_AUDIENCE, clock = systemClock } = options;
  return {
    lifetime,
    async issue({ username, role, session }) {
      const { kid, key } = await keys.signer();
      const now = Math.floor(clock.now() / 1_000);
      return await new SignJWT({ sid: session, role, rights: RIGHTS[role] })
        .setProtectedHeader({ alg: TOKEN_ALGORITHM, typ: TOKEN_TYPE, kid })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(username)
        .setJti(crypto.randomUUID())
        .setIssuedAt(now)
        .setNotBefore(now)
        .setExpirationTime(now + lifetime)
        .sign(key);
    },
  };
}
