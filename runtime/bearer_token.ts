import { timingSafeEqual } from "@std/crypto/timing-safe-equal";
import { ProblemError } from "./problem.ts";

const BEARER = /^bearer +([^ ]+) *$/i;
const encoder = new TextEncoder();

/**
 * Lets a request pass that shows a token as RFC 6750 has it. The time it takes tells how long a wrong token is, and nothing
 * about its characters.
 *
 * @param detail what is said to who does not show it
 * @throws {ProblemError} 401 otherwise, with the challenge of RFC 6750, section 3
 */
export function requireBearerToken(request: Request, token: string, detail: string): void {
  const given = BEARER.exec(request.headers.get("authorization") ?? "")?.[1];
  if (given !== undefined && isSame(given, token)) return;
  const challenge = given === undefined ? "Bearer" : 'Bearer error="invalid_token"';
  throw new ProblemError(401, detail, { headers: { "www-authenticate": challenge } });
}

function isSame(given: string, token: string): boolean {
  const [a, b] = [encoder.encode(given), encoder.encode(token)];
  return a.byteLength === b.byteLength && timingSafeEqual(a, b);
}
