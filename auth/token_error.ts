import { ProblemError } from "@flotilla/runtime";
import { errors } from "jose";
import { z } from "zod";

/** Why a token was refused; stable, for logs and metrics. */
export type TokenErrorCode =
  /** It is no JWT, or lacks a claim that every token has. */
  | "malformed"
  /** Its header names another algorithm, another type, or no key. */
  | "header"
  /** It was signed with a key that is not, or no longer, published. */
  | "unknown_key"
  /** The signature is wrong. */
  | "signature"
  | "expired"
  | "not_yet_valid"
  /** Another issuer or audience. */
  | "foreign"
  /** Its session was ended. */
  | "revoked";

const DETAILS: Readonly<Record<TokenErrorCode, string>> = {
  malformed: "The token is malformed",
  header: "The token is of another kind than access tokens",
  unknown_key: "The token was signed with a key that is not in use",
  signature: "The signature of the token is wrong",
  expired: "The token has expired",
  not_yet_valid: "The token is not valid yet",
  foreign: "The token was made by or for somebody else",
  revoked: "The session of the token has ended",
};

/** A token that does not hold: 401 with the challenge of RFC 6750, section 3.1. */
export class TokenError extends ProblemError {
  override readonly name = "TokenError";
  readonly code: TokenErrorCode;

  constructor(code: TokenErrorCode, options: { cause?: unknown } = {}) {
    const detail = DETAILS[code];
    super(401, detail, {
      headers: { "www-authenticate": `Bearer error="invalid_token", error_description="${detail}"` },
      ...options,
    });
    this.code = code;
  }
}

/** What jose or zod threw, as a {@linkcode TokenError}; anything else as it is. */
export function asTokenError(thrown: unknown): unknown {
  if (thrown instanceof TokenError || thrown instanceof ProblemError) return thrown;
  const code = codeOf(thrown);
  return code === undefined ? thrown : new TokenError(code, { cause: thrown });
}

function codeOf(thrown: unknown): TokenErrorCode | undefined {
  if (thrown instanceof z.ZodError) return "malformed";
  if (thrown instanceof errors.JWTExpired) return "expired";
  if (thrown instanceof errors.JWTClaimValidationFailed) return claimCode(thrown);
  if (thrown instanceof errors.JWSSignatureVerificationFailed) return "signature";
  if (thrown instanceof errors.JOSEAlgNotAllowed || thrown instanceof errors.JOSENotSupported) {
    return "header";
  }
  return thrown instanceof errors.JOSEError ? "malformed" : undefined;
}

function claimCode({ claim, reason }: errors.JWTClaimValidationFailed): TokenErrorCode {
  if (reason === "missing" || reason === "invalid") return "malformed";
  if (claim === "nbf" || claim === "iat") return "not_yet_valid";
  return claim === "typ" ? "header" : "foreign";
}
