/** The field that names the inner instance; the gateway's own name is in `x-served-by`. */
export const UPSTREAM_SERVED_BY = "x-upstream-served-by";

/** The field in which each role names the instance that answers. */
export const SERVED_BY = "x-served-by";
/** What fields begin with that concern the inside only. */
export const INTERNAL_PREFIX = "x-flotilla-";

/** Fields of an inner answer that concern one connection (RFC 9110, section 7.6.1) or the inside only. */
export const KEPT_INSIDE: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-connection",
  "server",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "via",
  SERVED_BY,
]);

/** The answer of an inner role as the client gets it. Its body stays the stream that it is. */
export function outwardAnswer(inner: Response): Response {
  const named = namedByConnection(inner.headers.get("connection"));
  const headers: [string, string][] = [];
  for (const [name, value] of inner.headers) {
    if (name === SERVED_BY) headers.push([UPSTREAM_SERVED_BY, value]);
    if (!isInternal(name) && !named.includes(name)) headers.push([name, value]);
  }
  return new Response(inner.body, { status: inner.status, headers });
}

function isInternal(name: string): boolean {
  return KEPT_INSIDE.has(name) || name.startsWith(INTERNAL_PREFIX) || name === UPSTREAM_SERVED_BY;
}

/** The answer to `HEAD`: that to `GET` without its content (RFC 9110, section 9.3.2). */
export function withoutContent({ body, status, headers }: Response): Response {
  void body?.cancel().catch(() => {});
  // Where the length is not known, a body of null would have the server say that it is 0.
  const unknown = status === 200 && !headers.has("content-length");
  return new Response(unknown ? emptyStream() : null, { status, headers });
}

function emptyStream(): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({ start: (controller) => controller.close() });
}

/** The fields that a `Connection` field names. */
function namedByConnection(connection: string | null): readonly string[] {
  return connection === null ? [] : connection.toLowerCase().split(",").map((name) => name.trim());
}
