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

/** What is known of an answer that security fields are for. */
export interface Secured {
  /** Whether the answer has the field already. */
  has(name: string): boolean;
  /** The client came over TLS. */
  readonly secure: boolean;
}

/** Fields of an answer that {@linkcode securityFields} asks for. */
export const SECURITY_NAMES: readonly string[] = [...ALWAYS.map(([name]) => name), "cache-control", "etag"];

/**
 * The security fields that an answer does not have yet; what depends on a token is kept by no cache unless the inner role
 * says otherwise.
 */
export function securityFields({ has, secure }: Secured): (readonly [name: string, value: string])[] {
  const fields = ALWAYS.filter(([name]) => !has(name));
  if (secure) fields.push(["strict-transport-security", STRICT_TRANSPORT]);
  if (!has("cache-control")) fields.push(["cache-control", has("etag") ? "private, no-cache" : "no-store"]);
  return fields;
}

/**
 * Adds the security fields that an answer does not have yet.
 *
 * @param options.secure the client came over TLS
 */
export function addSecurityFields(headers: Headers, { secure }: { secure: boolean }): void {
  const has = (name: string) => headers.has(name);
  for (const [name, value] of securityFields({ has, secure })) headers.set(name, value);
}
