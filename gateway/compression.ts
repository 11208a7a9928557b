/** Answers shorter than this are sent as they are: packing them saves no packet. */
const WORTHWHILE = 1_024;

const PACKABLE = /^(?:text\/(?!event-stream)|application\/(?:[\w.-]+\+)?json|application\/javascript)/i;

/** Marks the entity tag of a packed answer, since a strong tag names bytes (RFC 9110, section 8.8.3.3). */
const MARK = "-gzip";

/**
 * Whether an `Accept-Encoding` takes gzip (RFC 9110, section 12.5.3).
 *
 * @example
 * ```ts
 * import { takesGzip } from "./compression.ts";
 * import { assert } from "@std/assert";
 *
 * assert(takesGzip("br, gzip;q=0.8"));
 * assert(!takesGzip("gzip;q=0, *"));
 * ```
 */
export function takesGzip(acceptEncoding: string | null): boolean {
  if (acceptEncoding === null) return false;
  const codings = new Map<string, number>();
  for (const part of acceptEncoding.toLowerCase().split(",")) {
    const [coding = "", ...parameters] = part.split(";").map((text) => text.trim());
    const weight = parameters.find((text) => text.startsWith("q="))?.slice(2) ?? "1";
    codings.set(coding, Number(weight));
  }
  return (codings.get("gzip") ?? codings.get("x-gzip") ?? codings.get("*") ?? 0) > 0;
}

/** Whether content of this type is worth packing: the answer then depends on `Accept-Encoding`. */
export function isPackable(contentType: string): boolean {
  return PACKABLE.test(contentType);
}

/** Whether content of this length is worth packing, also when it is not known. */
export function isWorthPacking(length: number | undefined): boolean {
  return length === undefined || length >= WORTHWHILE;
}

/** Whether a request's field names the tag of a packed answer. */
export function isMarked(tags: string): boolean {
  return tags.includes(`${MARK}"`);
}

/**
 * Packs an answer with gzip where the client takes that and it is worthwhile: text of some length, that is no stream
 * of events and was not packed before.
 */
export function compressed(response: Response, request: Request): Response {
  const { headers, body, status } = response;
  // Answers to other methods may tell of progress as it is made, which packing would hold up.
  if (request.method !== "GET" && request.method !== "HEAD") return response;
  if (!isPackable(headers.get("content-type") ?? "")) return response;
  headers.append("vary", "accept-encoding");
  if (!takesGzip(request.headers.get("accept-encoding"))) return response;
  if (status === 304) return marked(response, request);
  const length = headers.get("content-length") ?? undefined;
  if (body === null || status === 206 || !isWorthPacking(length === undefined ? length : Number(length))) {
    return response;
  }
  if (headers.has("content-encoding") || headers.has("content-range")) return response;
  if (headers.get("cache-control")?.includes("no-transform")) return response;
  headers.set("content-encoding", "gzip");
  headers.delete("content-length");
  headers.delete("accept-ranges");
  setMark(headers);
  return new Response(body.pipeThrough(new CompressionStream("gzip")), { status, headers });
}

/** The entity tags of a request's field as the inner role gave them. */
export function unmarked(tags: string): string {
  return tags.replaceAll(`${MARK}"`, '"');
}

/** A 304 names the tag that the client asked about, that of the packed answer. */
function marked(response: Response, request: Request): Response {
  if (isMarked(request.headers.get("if-none-match") ?? "")) setMark(response.headers);
  return response;
}

function setMark(headers: Headers): void {
  const tag = headers.get("etag");
  if (tag !== null) headers.set("etag", tag.replace(/"$/, `${MARK}"`));
}
