/** The field that names the inner instance; the gateway's own name is in `x-served-by`. */
export const UPSTREAM_SERVED_BY = "x-upstream-served-by";

const SERVED_BY = "x-served-by";

/** Fields of an inner answer that concern one connection (RFC 9110, section 7.6.1) or the inside only. */
const KEPT_INSIDE: readonly string[] = [
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
];

/** Whether an answer with this status, to this method, has no content (RFC 9110, section 6.4.1). */
function isBodiless(method: string, status: number): boolean {
  return method === "HEAD" || status === 204 || status === 205 || status === 304;
}

/** The answer of an inner role as the client gets it. Its body stays the stream that it is. */
export function outwardAnswer(inner: Response, method: string): Response {
  const headers = new Headers(inner.headers);
  for (const name of namedByConnection(inner.headers.get("connection"))) headers.delete(name);
  for (const name of KEPT_INSIDE) headers.delete(name);
  for (const name of [...headers.keys()]) {
    if (name.startsWith("x-flotilla-")) headers.delete(name);
  }
  const servedBy = inner.headers.get(SERVED_BY);
  if (servedBy !== null) headers.set(UPSTREAM_SERVED_BY, servedBy);
  const { status } = inner;
  if (!isBodiless(method, status)) return new Response(inner.body, { status, headers });
  void inner.body?.cancel();
  return new Response(null, { status, headers });
}

function namedByConnection(connection: string | null): string[] {
  return (connection ?? "").split(",").map((name) => name.trim()).filter((name) => /^[\w-]+$/.test(name));
}
