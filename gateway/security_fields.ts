/**
 * What browsers are told with every answer, after the OWASP REST Security cheat sheet: an API's answer is data, never a
 * page, and never a part of somebody else's page.
 */
const ALWAYS: readonly (readonly [name: string, value: string])[] = [
  ["content-security-policy", "default-src 'none'; frame-ancestors 'none'"],
  ["cross-origin-resource-policy", "same-origin"],
  ["referrer-policy", "no-referrer"],
  ["x-content-type-options", "nosniff"],
  ["x-frame-options", "DENY"],
];

/** Two years, the least that browsers' preload lists take. */
const STRICT_TRANSPORT = "max-age=63072000; includeSubDomains";

/**
 * Adds the security fields that an answer does not have yet; what depends on a token is kept by no cache unless the
 * inner role says otherwise.
 *
 * @param options.secure the client came over TLS
 */
export function addSecurityFields(headers: Headers, options: { secure: boolean }): void {
  for (const [name, value] of ALWAYS) {
    if (!headers.has(name)) headers.set(name, value);
  }
  if (options.secure) headers.set("strict-transport-security", STRICT_TRANSPORT);
  if (!headers.has("cache-control")) {
    headers.set("cache-control", headers.has("etag") ? "private, no-cache" : "no-store");
  }
}
