/**
 * What one request may ask for. The numbers are those that Deno's runtime enforces before it sends a request; a client
 * that does not is refused here, by what denokv says in such a case.
 *
 * @module
 */
import { LIMITS, type ReadRange } from "@flotilla/runtime/kv_connect";
import type { WireWrite } from "./datapath.ts";
import { Refusal } from "./refusal.ts";

/**
 * A body larger than any request within the limits can be: the largest write, a check for each key it may check, and
 * room for the framing of every field.
 */
export const MAX_BODY_BYTES = 2 * 1024 * 1024;

/** @throws {Refusal} when the ranges of one read ask for too much */
export function assertReadable(ranges: readonly ReadRange[]): void {
  if (ranges.length > LIMITS.ranges) {
    throw Refusal.final(`Too many read ranges requested in one read request (max ${LIMITS.ranges}).`);
  }
  let entries = 0;
  for (const { start, end, limit } of ranges) {
    if (limit < 1) {
      throw Refusal.final(`The read range limit of the snapshot read request is invalid: ${limit}.`);
    }
    if (Math.max(start.length, end.length) > LIMITS.readKeyBytes) throw keyTooLong(LIMITS.readKeyBytes);
    entries += limit;
  }
  if (entries > LIMITS.entries) {
    throw Refusal.final(
      `The total number of entries requested across read ranges in the read request is too large (max ${LIMITS.entries}).`,
    );
  }
}

/** @throws {Refusal} when one write has too many parts, or they are too large */
export function assertWritable(write: WireWrite): void {
  const { checks, mutations, enqueues } = write;
  if (enqueues > 0) throw Refusal.final("Enqueue operations are not supported in KV Connect.");
  if (checks.length > LIMITS.checks) {
    throw Refusal.final(`Too many checks included in atomic write (max ${LIMITS.checks}).`);
  }
  if (mutations.length > LIMITS.mutations) {
    throw Refusal.final(`Too many mutations / enqueues included in atomic write (max ${LIMITS.mutations}).`);
  }
  let keys = 0;
  let total = 0;
  for (const { key } of checks) {
    assertKey(key, LIMITS.readKeyBytes);
    total += key.length;
  }
  for (const { key, value } of mutations) {
    assertKey(key, LIMITS.writeKeyBytes);
    const size = value?.data.length ?? 0;
    assertValueSize(size);
    keys += key.length;
    total += key.length + size;
  }
  if (keys > LIMITS.writeKeysBytes || total > LIMITS.writeBytes) {
    throw Refusal.final(
      `The total size of the atomic write is too large: ${total} bytes, ${keys} of them keys ` +
        `(max ${LIMITS.writeBytes}, ${LIMITS.writeKeysBytes} of them keys).`,
    );
  }
}

/** @throws {Refusal} when one watch has too many keys, or one that nobody can write */
export function assertWatchable(keys: readonly Uint8Array[]): void {
  if (keys.length > LIMITS.watchedKeys) {
    throw Refusal.final(`Too many keys watched in a single watch request (max ${LIMITS.watchedKeys}).`);
  }
  for (const key of keys) assertKey(key, LIMITS.writeKeyBytes);
}

/** @throws {Refusal} when a value of so many bytes is too large */
export function assertValueSize(size: number): void {
  if (size > LIMITS.valueBytes) {
    throw Refusal.final(`A value exceeds the value size limit (max ${LIMITS.valueBytes} bytes).`);
  }
}

/** @throws {Refusal} when a key is empty or too long */
export function assertKey(key: Uint8Array, max: number): void {
  if (key.length === 0) throw Refusal.final("A key cannot be empty.");
  if (key.length > max) throw keyTooLong(max);
}

function keyTooLong(max: number): Refusal {
  return Refusal.final(`A key exceeds the key size limit (max ${max} bytes).`);
}
