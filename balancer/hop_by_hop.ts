/**
 * Fields that concern one connection and are never passed on (RFC 9110, section 7.6.1), with those that older
 * software sends although they are not, or no longer, defined. `expect` is met by whoever listens.
 */
export const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "expect",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/**
 * Fields that `Connection` may not take away although it names them: a client could otherwise have the proxy
 * drop what an upstream relies on (RFC 9110, section 7.6.1, forbids naming end-to-end fields).
 */
const PROTECTED: ReadonlySet<string> = new Set([
  "authorization",
  "cache-control",
  "content-length",
  "content-type",
  "cookie",
  "forwarded",
  "host",
  "via",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-request-id",
]);

/** The fields that a `Connection` field names, in lower case. */
export function namedByConnection(connection: string | null): string[] {
  if (connection === null) return [];
  return connection.toLowerCase().split(",").map((name) => name.trim())
    .filter((name) => name !== "" && !PROTECTED.has(name));
}

/** A copy without what concerns only the connection it came by. */
export function endToEnd(headers: Headers): Headers {
  const passed = new Headers(headers);
  for (const name of namedByConnection(headers.get("connection"))) {
    if (isToken(name)) passed.delete(name);
  }
  for (const name of HOP_BY_HOP) passed.delete(name);
  return passed;
}

function isToken(name: string): boolean {
  return /^[!#$%&'*+.^_`|~\w-]+$/.test(name);
}
