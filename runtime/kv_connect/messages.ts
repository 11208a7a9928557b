/**
 * The messages of KV Connect's data path as a client writes and reads them.
 *
 * @module
 */
import { READ_SUCCESS, type ReadRange, WRITE_STATUS } from "./datapath.ts";
import type { StoredValue } from "./stored_value.ts";
import { bytesFieldSize, varintSize, WireReader, type WireWriter } from "./wire.ts";

/** A message to send: how long it is, and what writes so many bytes. */
export interface Message {
  readonly size: number;
  write(writer: WireWriter): void;
}

/** An entry as a server tells it. Its bytes are views of the answer. */
export interface WireEntry extends StoredValue {
  readonly key: Uint8Array;
  readonly versionstamp: Uint8Array;
}

/** What became of a write. */
export type WriteOutcome =
  | { readonly type: "committed"; readonly versionstamp: string }
  | { readonly type: "conflict" };

/** What a watch tells of one key: its entry or that there is none, or that nothing has changed. */
export type WatchedEntry =
  | { readonly changed: true; readonly entry: WireEntry | undefined }
  | { readonly changed: false };

/** The server cannot do this now: another endpoint may. */
export class DisabledError extends Error {
  override readonly name = "DisabledError";
}

const EMPTY = new Uint8Array();

/** A `SnapshotRead`. */
export function snapshotRead(ranges: readonly ReadRange[]): Message {
  const size = ranges.reduce((sum, range) => sum + bytesFieldSize(rangeSize(range)), 0);
  return { size, write: (writer) => ranges.forEach((range) => writeRange(writer, range)) };
}

function rangeSize({ start, end, limit, reverse }: ReadRange): number {
  return bytesFieldSize(start.length) + bytesFieldSize(end.length) + 1 + varintSize(limit) +
    (reverse ? 2 : 0);
}

function writeRange(writer: WireWriter, range: ReadRange): void {
  writer.header(1, rangeSize(range));
  writer.bytesField(1, range.start);
  writer.bytesField(2, range.end);
  writer.varint(3, range.limit);
  if (range.reverse) writer.varint(4, 1);
}

/** A `Watch`. */
export function watch(keys: readonly Uint8Array[]): Message {
  return {
    size: keys.reduce((sum, { length }) => sum + bytesFieldSize(bytesFieldSize(length)), 0),
    write(writer) {
      for (const key of keys) {
        writer.header(1, bytesFieldSize(key.length));
        writer.bytesField(1, key);
      }
    },
  };
}

/**
 * Reads a `SnapshotReadOutput`: the entries of each range.
 *
 * @throws {DisabledError} when the server cannot read now
 * @throws {WireError} when the bytes are no such message; so do the other functions of this file that read
 */
export function readSnapshot(bytes: Uint8Array): WireEntry[][] {
  const ranges: WireEntry[][] = [];
  let [disabled, strong, status] = [false, false, 0];
  const reader = new WireReader(bytes);
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    const field = tag >>> 3;
    if (field === 1) ranges.push(readRange(reader.bytes(tag)));
    else if (field === 2) disabled = reader.bool(tag);
    else if (field === 4) strong = reader.bool(tag);
    else if (field === 8) status = reader.int32(tag);
    else reader.skip(tag);
  }
  // A server of old tells no status.
  if (disabled || !strong || status > READ_SUCCESS) throw new DisabledError("The server does not read now");
  return ranges;
}

function readRange(bytes: Uint8Array): WireEntry[] {
  const entries: WireEntry[] = [];
  const reader = new WireReader(bytes);
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag >>> 3 === 1) entries.push(readEntry(reader.bytes(tag)));
    else reader.skip(tag);
  }
  return entries;
}

function readEntry(bytes: Uint8Array): WireEntry {
  let [key, data, versionstamp, encoding]: [Uint8Array, Uint8Array, Uint8Array, number] = [
    EMPTY,
    EMPTY,
    EMPTY,
    0,
  ];
  const reader = new WireReader(bytes);
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    const field = tag >>> 3;
    if (field === 1) key = reader.bytes(tag);
    else if (field === 2) data = reader.bytes(tag);
    else if (field === 3) encoding = reader.int32(tag);
    else if (field === 4) versionstamp = reader.bytes(tag);
    else reader.skip(tag);
  }
  return { key, data, encoding, versionstamp };
}

/**
 * Reads an `AtomicWriteOutput`.
 *
 * @throws {DisabledError} when the server cannot write now
 */
export function readWriteOutcome(bytes: Uint8Array): WriteOutcome {
  let status = 0;
  let versionstamp: Uint8Array = EMPTY;
  const reader = new WireReader(bytes);
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag >>> 3 === 1) status = reader.int32(tag);
    else if (tag >>> 3 === 2) versionstamp = reader.bytes(tag);
    else reader.skip(tag);
  }
  if (status === WRITE_STATUS.success) return { type: "committed", versionstamp: versionstamp.toHex() };
  if (status === WRITE_STATUS.checkFailure) return { type: "conflict" };
  if (status === WRITE_STATUS.disabled) throw new DisabledError("The server does not write now");
  throw new TypeError(`The KV server answered a write with the unknown status ${status}`);
}

/** Reads a `WatchOutput`: what it tells of each key. */
export function readWatched(bytes: Uint8Array): WatchedEntry[] {
  const entries: WatchedEntry[] = [];
  const reader = new WireReader(bytes);
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag >>> 3 === 2) entries.push(readWatchedEntry(reader.bytes(tag)));
    else reader.skip(tag);
  }
  return entries;
}

function readWatchedEntry(bytes: Uint8Array): WatchedEntry {
  let changed = false;
  let entry: WireEntry | undefined;
  const reader = new WireReader(bytes);
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag >>> 3 === 1) changed = reader.bool(tag);
    else if (tag >>> 3 === 2) entry = readEntry(reader.bytes(tag));
    else reader.skip(tag);
  }
  return changed ? { changed, entry } : { changed };
}
