/** The field that carries a request's id through every hop and back to the client. */
export const REQUEST_ID_HEADER = "x-request-id";

const WELL_FORMED = /^[\w.~:=+/-]{1,128}$/;

/**
 * The id a caller gave its request when it is well-formed (1 to 128 visible characters that need no quoting in logs),
 * otherwise a new random one: an id is copied into logs and answers, so a crafted one must not reach them.
 *
 * @example
 * ```ts
 * import { requestId } from "@flotilla/runtime";
 * import { assertEquals, assertNotEquals } from "@std/assert";
 *
 * assertEquals(requestId("abc-123"), "abc-123");
 * assertNotEquals(requestId('"><script>'), '"><script>');
 * ```
 */
export function requestId(given: string | null): string {
  return given !== null && WELL_FORMED.test(given) ? given : crypto.randomUUID();
}
