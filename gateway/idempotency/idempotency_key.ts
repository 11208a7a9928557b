import { ProblemError } from "@flotilla/runtime";
import { encodeHex } from "@std/encoding";

/**
 * A request's `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-06): a quoted string, taken unquoted too;
 * `undefined` when there is none.
 *
 * @throws {ProblemError} 400 when it is empty, longer than 255 characters, or no such string
 */
export function idempotencyKey(headers: Headers): string | undefined {
  const field = headers.get("idempotency-key");
  if (field === null) return undefined;
  const [, quoted, plain] = /^(?:"((?:[^"\\]|\\["\\])+)"|([^"\s,;]+))$/.exec(field.trim()) ?? [];
  const key = quoted?.replaceAll(/\\(["\\])/g, "$1") ?? plain;
  if (key !== undefined && key.length <= 255) return key;
  throw new ProblemError(400, "Idempotency-Key must be a quoted string of 1 to 255 characters");
}

/** Tells a repeated request from another one: the SHA-256 of its method, target and content. */
export async function fingerprint(target: string, content: Uint8Array<ArrayBuffer>): Promise<string> {
  const head = new TextEncoder().encode(`${target}\n`);
  const whole = new Uint8Array(head.byteLength + content.byteLength);
  whole.set(head);
  whole.set(content, head.byteLength);
  return encodeHex(await crypto.subtle.digest("SHA-256", whole));
}
