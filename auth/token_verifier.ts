import { type Clock, ProblemError, systemClock } from "@flotilla/runtime";
import { type JWTHeaderParameters, jwtVerify } from "jose";
import { LRUCache } from "lru-cache";
import {
  claimsSchema,
  principalOf,
  TOKEN_ALGORITHM,
  TOKEN_AUDIENCE,
  TOKEN_ISSUER,
  TOKEN_TOLERANCE,
  TOKEN_TYPE,
} from "./access_token.ts";
import type { Principal } from "./principal.ts";
import { asTokenError, TokenError } from "./token_error.ts";
import type { TrustedKeys } from "./trusted_keys.ts";

/** Checks access tokens. */
export interface TokenVerifier {
  /**
   * The principal of a token that was checked before and still holds: a look-up, without waiting. `undefined` says
   * nothing about the token but that {@linkcode TokenVerifier.verify} must look at it.
   */
  peek(token: string): Principal | undefined;
  /**
   * The principal of a token.
   *
   * @throws {TokenError} 401 when it does not hold; its `code` says why
   * @throws {ProblemError} 503 when no key is known yet, or not yet what was revoked
   */
  verify(token: string): Promise<Principal>;
}

/** How {@linkcode createTokenVerifier} checks. */
export interface TokenVerifierOptions {
  /** The keys that tokens may be signed with. */
  keys: TrustedKeys;
  /** `iss` that is taken. @default `TOKEN_ISSUER` */
  issuer?: string;
  /** `aud` that is taken. @default `TOKEN_AUDIENCE` */
  audience?: string;
  /** Whether the session of a principal has ended: asked each time, also for tokens seen before. @default never */
  isRevoked?: (principal: Principal) => boolean;
  /**
   * Resolves when `isRevoked` knows what was revoked before now. A token that was not seen before waits for it, so that
   * a gateway which has only just started lets nobody in whose session has ended. @default at once
   */
  revocationsKnown?: () => Promise<void>;
  /** Seconds that clocks of two hosts may be apart. @default 5 */
  tolerance?: number;
  /** How many tokens that hold are remembered. @default 10_000 */
  capacity?: number;
  /** @default `systemClock` */
  clock?: Clock;
}

interface Seen {
  readonly principal: Principal;
  readonly kid: string;
  /** Milliseconds. */
  readonly until: number;
}

/** No token of ours comes near it; a longer one is not worth a look. */
const LONGEST_TOKEN = 4_096;
const UNKNOWN_REVOCATIONS = "Tokens cannot be checked: it is not known yet which sessions have ended";

/**
 * Checks access tokens by RFC 8725: algorithm and type are fixed, issuer, audience and all times are checked, and the
 * header's `kid` only chooses among keys that are trusted already; `jku`, `jwk` and `x5u` mean nothing. Tokens that hold
 * are remembered until they end, or their key is withdrawn.
 *
 * @throws {RangeError} when the tolerance or the capacity is out of range
 */
export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const { keys, issuer = TOKEN_ISSUER, audience = TOKEN_AUDIENCE, clock = systemClock } = options;
  const { isRevoked = () => false, revocationsKnown = () => Promise.resolve() } = options;
  const { tolerance = TOKEN_TOLERANCE, capacity = 10_000 } = options;
  if (!(tolerance >= 0 && tolerance <= 300)) {
    throw new RangeError(`Cannot check tokens: tolerance must be 0 to 300 seconds, got ${tolerance}`);
  }
  if (!Number.isInteger(capacity) || capacity < 1) {
    throw new RangeError(`Cannot check tokens: capacity must be an integer from 1, got ${capacity}`);
  }
  const seen = new LRUCache<string, Seen>({ max: capacity });

  async function keyOf({ kid }: JWTHeaderParameters): Promise<CryptoKey> {
    if (kid === undefined) throw new TokenError("header");
    const key = await keys.find(kid);
    if (key === undefined) throw new TokenError("unknown_key");
    return key;
  }

  async function check(token: string): Promise<Principal> {
    const { payload, protectedHeader } = await jwtVerify(token, keyOf, {
      algorithms: [TOKEN_ALGORITHM],
      typ: TOKEN_TYPE,
      issuer,
      audience,
      clockTolerance: tolerance,
      currentDate: new Date(clock.now()),
      requiredClaims: ["exp", "nbf", "iat", "sub", "jti"],
    });
    const principal = principalOf(claimsSchema.parse(payload));
    await revocationsKnown().catch((cause) => {
      throw new ProblemError(503, UNKNOWN_REVOCATIONS, { headers: { "retry-after": "1" }, cause });
    });
    if (isRevoked(principal)) throw new TokenError("revoked");
    const until = (principal.expires + tolerance) * 1_000;
    seen.set(token, { principal, kid: protectedHeader.kid ?? "", until });
    return principal;
  }

  function peek(token: string): Principal | undefined {
    const known = seen.get(token);
    if (known === undefined) return undefined;
    const holds = known.until > clock.now() && keys.get(known.kid) !== undefined;
    if (holds && !isRevoked(known.principal)) return known.principal;
    seen.delete(token);
    return undefined;
  }

  return {
    peek,
    async verify(token) {
      const known = peek(token);
      if (known !== undefined) return known;
      if (token.length > LONGEST_TOKEN) throw new TokenError("malformed");
      try {
        return await check(token);
      } catch (error) {
        throw asTokenError(error);
      }
    },
  };
}
