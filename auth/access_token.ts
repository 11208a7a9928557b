import { z } from "zod";
import { type Principal, rightSchema, roleSchema } from "./principal.ts";

/** The one algorithm that tokens are signed with; a token that names another is refused (RFC 8725, section 3.1). */
export const TOKEN_ALGORITHM = "EdDSA";
/** The type in a token's header (RFC 9068; RFC 8725, section 3.11): nothing else of ours can pass for a token. */
export const TOKEN_TYPE = "at+jwt";
/** Who signs tokens, unless told otherwise. */
export const TOKEN_ISSUER = "flotilla";
/** Whom tokens are for, unless told otherwise. */
export const TOKEN_AUDIENCE = "flotilla-api";
/** Seconds that clocks of two hosts may be apart, unless told otherwise. */
export const TOKEN_TOLERANCE = 5;
/** Where the keys are published. */
export const KEYS_PATH = "/auth/.well-known/jwks.json";

/** The claims of an access token that are about its owner (RFC 7519, section 4.1; RFC 9068, section 2.2). */
export const claimsSchema = z.object({
  sub: z.string().min(1),
  jti: z.string().min(1),
  sid: z.string().min(1),
  exp: z.number(),
  iat: z.number(),
  nbf: z.number(),
  role: roleSchema,
  rights: z.array(rightSchema),
});

/** The claims of an access token that are about its owner. */
export type AccessClaims = z.infer<typeof claimsSchema>;

/** Who a token speaks of. */
export function principalOf({ sub, jti, sid, exp, role, rights }: AccessClaims): Principal {
  return { subject: sub, role, rights, session: sid, tokenId: jti, expires: exp };
}
