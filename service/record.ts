import type { Scope } from "./keyspace.ts";

/** A record as the database holds it. */
export interface StoredRecord extends Scope {
  /** The value as JSON in UTF-8: its size is then what it says, and it is never parsed only to be written again. */
  readonly json: Uint8Array<ArrayBuffer>;
  /** The number of the change that wrote it: it grows, and no two states of any record share one. */
  readonly version: number;
  /** Milliseconds since the epoch. */
  readonly created: number;
  /** Milliseconds since the epoch. */
  readonly updated: number;
  /** From when on it does not exist, in milliseconds since the epoch. */
  readonly expires?: number;
}

/**
 * The most bytes a value may have as JSON: Deno KV's 65,536 less 2 KiB for what else an entry holds, in the database and
 * in the cache.
 */
export const MAX_VALUE_BYTES = 63_488;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A value as it is stored. */
export function encodeValue(value: unknown): Uint8Array<ArrayBuffer> {
  return encoder.encode(JSON.stringify(value));
}

/** A stored value, parsed. */
export function decodeValue(record: StoredRecord): unknown {
  return JSON.parse(decoder.decode(record.json));
}

/** The record, unless its time is over. */
export function alive<R extends { readonly expires?: number | undefined }>(
  record: R | undefined,
  now: number,
): R | undefined {
  return record?.expires !== undefined && record.expires <= now ? undefined : record;
}

/** The record as JSON text, as clients see it. */
export function recordText(id: string, record: StoredRecord): string {
  const { version, created, updated, owner, access, sharedWith, expires } = record;
  const shared = access === "shared" ? `,"sharedWith":${JSON.stringify(sharedWith)}` : "";
  const ends = expires === undefined ? "" : `,"expires":"${timestamp(expires)}"`;
  return `{"id":"${id}","value":${decoder.decode(record.json)},"version":${version},` +
    `"created":"${timestamp(created)}","updated":"${timestamp(updated)}",` +
    `"owner":${JSON.stringify(owner)},"access":"${access}"${shared}${ends}}`;
}

/** The record's entity tag. It is strong, since `If-Match` compares strongly (RFC 9110, section 13.1.1). */
export function entityTag({ version }: Pick<StoredRecord, "version">): string {
  return `"${version}"`;
}

function timestamp(ms: number): string {
  return new Date(ms).toISOString();
}
