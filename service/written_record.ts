import type { Scope } from "./keyspace.ts";
import { recordText, type StoredRecord } from "./record.ts";

/**
 * A record as a service keeps it near: the text that it is answered with, written once, and what an answer depends on besides.
 * The text alone takes less memory than the bytes, times and names that it is made of (measured; `docs/caching.md`).
 */
export interface WrittenRecord extends Scope {
  /** The record as JSON, as clients see it. */
  readonly text: string;
  /** How many bytes the text has in UTF-8. */
  readonly bytes: number;
  readonly version: number;
  /** From when on it does not exist, in milliseconds since the epoch. */
  readonly expires: number | undefined;
}

const encoder = new TextEncoder();
/** How many scopes are remembered; then all of them are forgotten. */
const REMEMBERED = 4_096;
const scopes = new Map<string, Scope>();

/** The record as it is kept near. */
export function writtenRecord(id: string, record: StoredRecord): WrittenRecord {
  const text = recordText(id, record);
  const { owner, access, sharedWith } = scopeOf(record);
  const { version, expires } = record;
  return { text, bytes: encoder.encode(text).length, version, owner, access, sharedWith, expires };
}

/** Bytes that a record takes besides its text and its readers' names (measured; `docs/caching.md`). */
const RECORD_BYTES = 104;

/** About how many bytes the record takes in this process. V8 has two for each character where one is not ISO 8859-1. */
export function recordWeight({ text, bytes, sharedWith }: WrittenRecord): number {
  const names = sharedWith.reduce((sum, name) => sum + 2 * name.length + 32, 0);
  return RECORD_BYTES + names + (bytes === text.length ? bytes : 2 * text.length);
}

/** Names as they were met before, so that records of one owner do not have a copy each: few records have a list of readers. */
function scopeOf(scope: Scope): Scope {
  if (scope.sharedWith.length > 0) return scope;
  const name = `${scope.access} ${scope.owner}`;
  const known = scopes.get(name);
  if (known !== undefined) return known;
  if (scopes.size >= REMEMBERED) scopes.clear();
  const { owner, access, sharedWith } = scope;
  const own = { owner, access, sharedWith };
  scopes.set(name, own);
  return own;
}
