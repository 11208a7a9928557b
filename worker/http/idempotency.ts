import { ProblemError } from "@flotilla/runtime";
import { encodeHex } from "@std/encoding";
import { keys } from "../engine/keys.ts";

/** How long a repeated request gets the earlier answer; milliseconds. */
export const IDEMPOTENCY_LIFE = 86_400_000;

/** What is kept of a request that carried a key. */
export interface IdempotencyRecord {
  /** The task it made. */
  readonly id: string;
  /** SHA-256 of the body's JSON. */
  readonly fingerprint: string;
  /** Milliseconds since the epoch. */
  readonly expires: number;
}

/**
 * The request's `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-06): a quoted string, taken unquoted too.
 *
 * @throws {ProblemError} 400 when it is empty, too long, or no such string
 */
export function idempotencyKey(request: Request): string | undefined {
  const field = request.headers.get("idempotency-key");
  if (field === null) return undefined;
  const [, quoted, plain] = /^(?:"((?:[^"\\]|\\["\\])+)"|([^"\s,;]+))$/.exec(field.trim()) ?? [];
  const key = quoted?.replaceAll(/\\(["\\])/g, "$1") ?? plain;
  if (key === undefined || key.length > 255) {
    throw new ProblemError(400, "Idempotency-Key must be a quoted string of 1 to 255 characters");
  }
  return key;
}

/** The same for the same JSON, whatever the order of its members. */
export async function fingerprint(body: unknown): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(sorted(body)));
  return encodeHex(await crypto.subtle.digest("SHA-256", bytes));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).sort(([one], [other]) => one < other ? -1 : 1);
  return Object.fromEntries(members.map(([name, member]) => [name, sorted(member)]));
}

/** Whose key it is, and what they sent with it. */
export interface IdempotentRequest {
  owner: string;
  key: string;
  fingerprint: string;
  /** Milliseconds since the epoch. */
  now: number;
}

/** What stands under a key: the answer to repeat, or the check that a first request must make. */
export type IdempotencyState =
  | { readonly kind: "repeated"; readonly id: string }
  | { readonly kind: "first"; readonly check: Deno.AtomicCheck };

/**
 * Looks whether a request is repeated.
 *
 * Since the record is written in the same step as its task, a request is either unknown or answered: there is no time in
 * between for which 409 would be the answer. Of two that come together one is refused by the check, looks again, and gives
 * the other's answer.
 *
 * @throws {ProblemError} 422 when the key was used with another body
 */
export async function lookUpIdempotency(kv: Deno.Kv, request: IdempotentRequest): Promise<IdempotencyState> {
  const key = keys.idempotency(request.owner, request.key);
  const { value, versionstamp } = await kv.get<IdempotencyRecord>(key);
  if (value === null || value.expires <= request.now) return { kind: "first", check: { key, versionstamp } };
  if (value.fingerprint !== request.fingerprint) {
    throw new ProblemError(422, "The Idempotency-Key was used before with another body");
  }
  return { kind: "repeated", id: value.id };
}
