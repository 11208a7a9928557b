/**
 * The limits of Deno KV, kept before anything is sent, with the errors of Deno's own client.
 *
 * @module
 */

/** Ranges of one read; more keys cannot be read at one moment. */
export const MAX_RANGES = 10;
/** Entries that the ranges of one read ask for together. */
export const MAX_ENTRIES = 1_000;
const MAX_CHECKS = 100;
const MAX_MUTATIONS = 1_000;
const MAX_WATCHED_KEYS = 10;
const MAX_WRITE_KEY_BYTES = 2_048;
const MAX_READ_KEY_BYTES = 2_049;
const MAX_VALUE_BYTES = 65_536;
const MAX_WRITE_BYTES = 819_200;
const MAX_WRITE_KEYS_BYTES = 81_920;

/** What of an atomic write counts. */
export interface Weighed {
  readonly checks: readonly { readonly key: Uint8Array }[];
  readonly mutations: readonly {
    readonly key: Uint8Array;
    readonly value: { data: Uint8Array } | undefined;
  }[];
}

/** @throws {TypeError} when a bound of a range is too long */
export function assertReadableKey(key: Uint8Array): void {
  assertKeyLength(key, MAX_READ_KEY_BYTES, "read");
}

/** @throws {TypeError} when one read asks for too many ranges */
export function assertRanges(count: number): void {
  if (count > MAX_RANGES) throw new TypeError(`Too many ranges (max ${MAX_RANGES})`);
}

/** @throws {TypeError} when one batch of a list is too large */
export function assertEntries(count: number): void {
  if (count > MAX_ENTRIES) throw new TypeError(`Too many entries (max ${MAX_ENTRIES})`);
}

/** @throws {TypeError} when one watch has too many keys, or one is too long */
export function assertWatchable(keys: readonly Uint8Array[]): void {
  if (keys.length > MAX_WATCHED_KEYS) throw new TypeError(`Too many keys (max ${MAX_WATCHED_KEYS})`);
  for (const key of keys) assertReadableKey(key);
}

/** @throws {TypeError} when one write has too many parts, or they are too large */
export function assertWritable({ checks, mutations }: Weighed): void {
  if (checks.length > MAX_CHECKS) throw new TypeError(`Too many checks (max ${MAX_CHECKS})`);
  if (mutations.length > MAX_MUTATIONS) throw new TypeError(`Too many mutations (max ${MAX_MUTATIONS})`);
  let keys = 0;
  let total = 0;
  for (const { key } of checks) total += writtenKeyLength(key);
  for (const { key, value } of mutations) {
    total += writtenKeyLength(key);
    if (value === undefined) continue;
    if (value.data.length > MAX_VALUE_BYTES) {
      throw new TypeError(`Value too large (max ${MAX_VALUE_BYTES} bytes)`);
    }
    // Deno's client counts the key of a value twice.
    total += key.length + value.data.length;
    keys += key.length;
  }
  if (total > MAX_WRITE_BYTES) {
    throw new TypeError(`Total mutation size too large (max ${MAX_WRITE_BYTES} bytes)`);
  }
  if (keys > MAX_WRITE_KEYS_BYTES) {
    throw new TypeError(`Total key size too large (max ${MAX_WRITE_KEYS_BYTES} bytes)`);
  }
}

function writtenKeyLength(key: Uint8Array): number {
  if (key.length === 0) throw new TypeError("key cannot be empty");
  assertKeyLength(key, MAX_WRITE_KEY_BYTES, "write");
  return key.length;
}

function assertKeyLength(key: Uint8Array, max: number, purpose: "read" | "write"): void {
  if (key.length > max) throw new TypeError(`Key too large for ${purpose} (max ${max} bytes)`);
}
