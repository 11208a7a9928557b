import { ProblemError } from "@flotilla/runtime";

/**
 * Lets a request pass that a page of this very site sent, by the fields that a page cannot set (the OWASP Cross-Site
 * Request Forgery Prevention cheat sheet). Browsers leave `Sec-Fetch-Site` out where a site has no TLS and is not this machine; there
 * `Origin` decides.
 *
 * @throws {ProblemError} 403 when another site's page sent it, or nothing says which did
 */
export function requireSameOrigin(request: Request): void {
  const { headers } = request;
  const site = headers.get("sec-fetch-site");
  if (site !== null ? site === "same-origin" : isOwn(headers.get("origin"), request)) return;
  throw new ProblemError(403, "Only a page of this site may ask for that");
}

function isOwn(origin: string | null, { headers, url }: Request): boolean {
  const host = headers.get("host") ?? new URL(url).host;
  return origin !== null && URL.parse(origin)?.host === host;
}
