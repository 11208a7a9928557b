import { type FieldReader, ProblemError } from "@flotilla/runtime";

const BEARER = /^Bearer +([\w.~+/-]+=*)$/i;

/**
 * The token of a request's `Authorization` (RFC 6750, section 2.1); `undefined` when there is none, or when another
 * scheme is used. Tokens in the query or in the content are not taken: they end up in logs.
 *
 * @throws {ProblemError} 401 `invalid_token` when the field is malformed
 */
export function bearerToken(headers: FieldReader): string | undefined {
  const field = headers.get("authorization");
  if (field === null || !/^Bearer(?: |$)/i.test(field)) return undefined;
  const token = BEARER.exec(field)?.[1];
  if (token !== undefined) return token;
  throw new ProblemError(401, "The Authorization field does not hold one bearer token", {
    headers: { "www-authenticate": 'Bearer error="invalid_token"' },
  });
}
