/** Which other sites' pages may call the API. */
export interface CorsOptions {
  /** Origins such as `https://app.example`, or `*` for all. @default none */
  origins?: readonly string[];
  /** Seconds a browser may remember the answer to a preflight. @default 600 */
  maxAge?: number;
}

/** Answers the questions of browsers whose page is of another site (the Fetch standard, section 3.2). */
export interface Cors {
  /** Whether answers depend on where a page is from. */
  readonly varies: boolean;
  /** Adds what a browser needs to show an answer to the page. */
  addFields(headers: Headers, request: Request): void;
  /** Adds what a browser asks for before it sends a request; `allow` as in the `Allow` field. */
  addPreflightFields(headers: Headers, request: Request, allow: string): void;
}

/** Fields of a request that a page may set, besides those that any page may. */
const REQUEST_FIELDS = [
  "authorization",
  "content-type",
  "idempotency-key",
  "if-match",
  "if-none-match",
  "last-event-id",
  "prefer",
  "traceparent",
  "x-request-id",
].join(", ");

/** Fields of an answer that a page may read, besides those that any page may. */
const ANSWER_FIELDS = [
  "allow",
  "etag",
  "idempotency-replayed",
  "location",
  "ratelimit",
  "ratelimit-policy",
  "retry-after",
  "www-authenticate",
  "x-request-id",
  "x-served-by",
  "x-upstream-served-by",
].join(", ");

/**
 * Lets pages of these origins call the API with a token. Cookies are not used, so credentials in the sense of the
 * standard are never allowed, and a page of another origin can do no harm by a request that it may not read the
 * answer of.
 *
 * @throws {TypeError} when one is no origin
 */
export function createCors(options: CorsOptions = {}): Cors {
  const { origins = [], maxAge = 600 } = options;
  for (const origin of origins) {
    if (origin !== "*" && (origin.includes("*") || URL.parse(origin)?.origin !== origin)) {
      throw new TypeError(`Cannot allow origin: must be like https://app.example or *, got "${origin}"`);
    }
  }
  const allowed = new Set(origins);

  function addFields(headers: Headers, request: Request): boolean {
    if (allowed.size === 0) return false;
    headers.append("vary", "origin");
    const origin = request.headers.get("origin");
    if (origin === null || !(allowed.has(origin) || allowed.has("*"))) return false;
    headers.set("access-control-allow-origin", origin);
    headers.set("access-control-expose-headers", ANSWER_FIELDS);
    return true;
  }

  return {
    varies: allowed.size > 0,
    addFields: (headers, request) => void addFields(headers, request),
    addPreflightFields(headers, request, allow) {
      if (!addFields(headers, request)) return;
      headers.delete("access-control-expose-headers");
      headers.set("access-control-allow-methods", allow);
      headers.set("access-control-allow-headers", REQUEST_FIELDS);
      headers.set("access-control-max-age", String(maxAge));
    },
  };
}
