import { ProblemError } from "@flotilla/runtime";
import { decodeBase64Url, encodeBase64Url } from "@std/encoding";
import { generate } from "@std/uuid/v7";

const ID = /^[A-Za-z0-9][A-Za-z0-9._~:@-]{0,199}$/;
const PREFIX = /^[A-Za-z0-9][A-Za-z0-9._~:@-]{0,199}$/;
/** Names of routes below `/data`. */
const RESERVED = new Set(["batch", "events", "export", "import"]);

/** What an id may be, in words. */
export const ID_RULE = "an id has 1 to 200 letters, digits and . _ ~ : @ -, begins with a letter or digit, " +
  `and is none of ${[...RESERVED].join(", ")}`;

/** Whether the text can name a record. */
export function isRecordId(text: string): boolean {
  return ID.test(text) && !RESERVED.has(text);
}

/**
 * The id, when it is one.
 *
 * @throws {ProblemError} 422
 */
export function requireRecordId(text: string): string {
  if (isRecordId(text)) return text;
  throw new ProblemError(422, `${JSON.stringify(text.slice(0, 300))} cannot name a record: ${ID_RULE}`);
}

/** A new id: a UUID version 7 (RFC 9562), so that records without an id of their own sort by age. */
export function makeRecordId(now: number): string {
  return generate(now);
}

/** Ids from `after` (exclusive) that begin with `prefix`. */
export interface IdRange {
  readonly prefix: string;
  readonly after: string;
}

/** Sorts behind every id with the prefix, since `\x7f` sorts behind every character of an id. */
export function rangeEnd(range: IdRange): string {
  return `${range.prefix}\x7f`;
}

/** Whether the id lies in the range, up to `last` (inclusive) when that is given. */
export function inRange(id: string, range: IdRange, last?: string): boolean {
  return id > range.after && id.startsWith(range.prefix) && (last === undefined || id <= last);
}

/** A cursor names the last id seen, so it stays good whatever happens to records, that one included. */
export function makeCursor(lastId: string): string {
  return encodeBase64Url(lastId);
}

/**
 * The range that a list's query asks for.
 *
 * @throws {ProblemError} 422 for a prefix that no id can have, or a cursor that is not of this list
 */
export function requireRange(prefix: string, cursor: string | undefined): IdRange {
  if (prefix !== "" && !PREFIX.test(prefix)) {
    throw new ProblemError(422, `?prefix cannot begin an id: ${ID_RULE}`);
  }
  if (cursor === undefined) return { prefix, after: "" };
  const after = decodeCursor(cursor);
  if (!ID.test(after) || !after.startsWith(prefix)) {
    throw new ProblemError(422, "?cursor is not one that a list with this prefix gave");
  }
  return { prefix, after };
}

function decodeCursor(cursor: string): string {
  try {
    return new TextDecoder().decode(decodeBase64Url(cursor));
  } catch {
    return "";
  }
}
