import { timingSafeEqual } from "@std/crypto/timing-safe-equal";
import { Refusal } from "./refusal.ts";

const BEARER = /^bearer +([^ ]+) *$/i;
const encoder = new TextEncoder();

/** Judges whether a request may use the store. */
export type AccessCheck = (request: Request) => void;

/**
 * A check that lets in who shows the token as RFC 6750 has it. The time it takes tells how long a wrong token is, and
 * nothing about its characters.
 *
 * The check throws a {@linkcode Refusal} of status 401 when the token is missing or wrong.
 *
 * @throws {TypeError} when the token cannot stand in a field of HTTP
 */
export function accessCheck(token: string): AccessCheck {
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new TypeError("Cannot guard the store: the access token must be printable ASCII without spaces");
  }
  const expected = encoder.encode(token);
  return (request) => {
    const given = BEARER.exec(request.headers.get("authorization") ?? "")?.[1];
    if (given === undefined) throw unauthorized("Malformed authorization header.", "Bearer");
    const bytes = encoder.encode(given);
    if (bytes.length !== expected.length || !timingSafeEqual(bytes, expected)) {
      throw unauthorized("Invalid access token.", 'Bearer error="invalid_token"');
    }
  };
}

function unauthorized(text: string, challenge: string): Refusal {
  return new Refusal(401, text, { headers: { "www-authenticate": challenge } });
}
