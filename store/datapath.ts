/**
 * The messages of KV Connect's data path (`datapath.proto` in denoland/denokv), as a server reads and writes them.
 *
 * @module
 */
import {
  bytesFieldSize,
  READ_SUCCESS,
  type ReadRange,
  varintSize,
  WireReader,
  WireWriter,
  WRITE_STATUS,
} from "@flotilla/runtime/kv_connect";
import { VERSIONSTAMP_LENGTH, writeVersionstamp } from "./versionstamp.ts";

/** A condition of an atomic write: the key has this versionstamp, or is not there when it is empty. */
export interface WireCheck {
  key: Uint8Array;
  versionstamp: Uint8Array;
}

/** A value and its encoding, as a client sends them. */
export interface WireValue {
  data: Uint8Array;
  encoding: number;
}

/** A mutation as a client sends it, not yet judged. */
export interface WireMutation {
  key: Uint8Array;
  value: WireValue | undefined;
  type: number;
  /** Milliseconds since the epoch; 0 for never. */
  expireAt: number;
  sumMin: Uint8Array;
  sumMax: Uint8Array;
  sumClamp: boolean;
}

/** An atomic write as a client sends it, not yet judged. */
export interface WireWrite {
  checks: WireCheck[];
  mutations: WireMutation[];
  /** How many messages it would enqueue. */
  enqueues: number;
}

/** What is stored under a key. */
export interface Entry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly encoding: number;
  /** The commit that wrote it. */
  readonly version: number;
  /** When it leaves, in milliseconds since the epoch; `null` for never. */
  readonly expires: number | null;
}

const EMPTY = new Uint8Array();

/** @throws {WireError} when the bytes are no such message; so do the other functions of this file that read */
export function decodeSnapshotRead(bytes: Uint8Array): ReadRange[] {
  const ranges: ReadRange[] = [];
  const reader = new WireReader(bytes);
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag >>> 3 === 1) ranges.push(decodeReadRange(reader.bytes(tag)));
    else reader.skip(tag);
  }
  return ranges;
}

function decodeReadRange(bytes: Uint8Array): ReadRange {
  const range: ReadRange = { start: EMPTY, end: EMPTY, limit: 0, reverse: false };
  const reader = new WireReader(bytes);
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag >>> 3) {
      case 1:
        range.start = reader.bytes(tag);
        break;
      case 2:
        range.end = reader.bytes(tag);
        break;
      case 3:
        range.limit = reader.int32(tag);
        break;
      case 4:
        range.reverse = reader.bool(tag);
        break;
      default:
        reader.skip(tag);
    }
  }
  return range;
}

/** Reads an `AtomicWrite`. Enqueues are counted, not read: no KV Connect server has queues. */
export function decodeAtomicWrite(bytes: Uint8Array): WireWrite {
  const write: WireWrite = { checks: [], mutations: [], enqueues: 0 };
  const reader = new WireReader(bytes);
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    switch (tag >>> 3) {
      case 1:
        write.checks.push(decodeCheck(reader.bytes(tag)));
        break;
      case 2:
        write.mutations.push(decodeMutation(reader.bytes(tag)));
        break;
      case 3:
        reader.bytes(tag);
        write.enqueues++;
        break;
      default:
        reader.skip(tag);
    }
  }
  return write;
}

function decodeCheck(bytes: Uint8Array): WireCheck {
  const check: WireCheck = { key: EMPTY, versionstamp: EMPTY };
  const reader = new WireReader(bytes);
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag >>> 3 === 1) check.key = reader.bytes(tag);
    else if (tag >>> 3 === 2) check.versionstamp = reader.bytes(tag);
    else reader.skip(tag);
  }
  return check;
}

function decodeMutation(bytes: Uint8Array): WireMutation {
  const mutation: WireMutation = {
    key: EMPTY,
    value: undefined,
    type: 0,
    expireAt: 0,
    sumMin: EMPTY,
    sumMax: EMPTY,
    sumClamp: false,
  };
  const reader = new WireReader(bytes);
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) decodeMutationField(mutation, reader, tag);
  return mutation;
}

function decodeMutationField(mutation: WireMutation, reader: WireReader, tag: number): void {
  switch (tag >>> 3) {
    case 1:
      mutation.key = reader.bytes(tag);
      return;
    case 2:
      mutation.value ??= { data: EMPTY, encoding: 0 };
      decodeValue(mutation.value, reader.bytes(tag));
      return;
    case 3:
      mutation.type = reader.int32(tag);
      return;
    case 4:
      mutation.expireAt = reader.int64(tag);
      return;
    case 5:
      mutation.sumMin = reader.bytes(tag);
      return;
    case 6:
      mutation.sumMax = reader.bytes(tag);
      return;
    case 7:
      mutation.sumClamp = reader.bool(tag);
      return;
    default:
      reader.skip(tag);
  }
}

/** Reads into `value`: an inner message that comes twice is merged, as protobuf has it. */
function decodeValue(value: WireValue, bytes: Uint8Array): void {
  const reader = new WireReader(bytes);
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag >>> 3 === 1) value.data = reader.bytes(tag);
    else if (tag >>> 3 === 2) value.encoding = reader.int32(tag);
    else reader.skip(tag);
  }
}

/** Reads a `Watch`: the watched keys. */
export function decodeWatch(bytes: Uint8Array): Uint8Array[] {
  const keys: Uint8Array[] = [];
  const reader = new WireReader(bytes);
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag >>> 3 === 1) keys.push(decodeWatchKey(reader.bytes(tag)));
    else reader.skip(tag);
  }
  return keys;
}

function decodeWatchKey(bytes: Uint8Array): Uint8Array {
  let key: Uint8Array = EMPTY;
  const reader = new WireReader(bytes);
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag >>> 3 === 1) key = reader.bytes(tag);
    else reader.skip(tag);
  }
  return key;
}

/** Writes a `SnapshotReadOutput` that succeeded, with the entries of each range. */
export function encodeSnapshotReadOutput(ranges: readonly (readonly Entry[])[]): Uint8Array<ArrayBuffer> {
  const sizes = ranges.map((entries) =>
    entries.reduce((sum, entry) => sum + bytesFieldSize(entrySize(entry)), 0)
  );
  const writer = new WireWriter(sizes.reduce((sum, size) => sum + bytesFieldSize(size), 4));
  ranges.forEach((entries, index) => {
    writer.header(1, sizes[index] ?? 0);
    for (const entry of entries) writeEntry(writer, 1, entry);
  });
  writer.varint(4, 1);
  writer.varint(8, READ_SUCCESS);
  return writer.bytes;
}

/** Writes the `AtomicWriteOutput` of a write that was committed with `version`. */
export function encodeWriteSuccess(version: number): Uint8Array<ArrayBuffer> {
  const writer = new WireWriter(2 + bytesFieldSize(VERSIONSTAMP_LENGTH));
  writer.varint(1, WRITE_STATUS.success);
  writeVersionstamp(version, writer.bytes, writer.room(2, VERSIONSTAMP_LENGTH));
  return writer.bytes;
}

/** Writes the `AtomicWriteOutput` of a write whose checks with these indices failed. */
export function encodeCheckFailure(failed: readonly number[]): Uint8Array<ArrayBuffer> {
  const packed = failed.reduce((sum, index) => sum + varintSize(index), 0);
  const writer = new WireWriter(2 + bytesFieldSize(packed));
  writer.varint(1, WRITE_STATUS.checkFailure);
  writer.header(4, packed);
  for (const index of failed) writer.rawVarint(index);
  return writer.bytes;
}

/** Bytes of the length in front of each frame of a watch. */
const FRAME_HEADER = 4;

/** A frame of a watch without a message, which says that the server is alive. */
export const KEEP_ALIVE_FRAME: Uint8Array<ArrayBuffer> = new Uint8Array(FRAME_HEADER);

/**
 * Writes a `WatchOutput` as a frame: its length in four bytes, least significant first, and the message.
 *
 * It tells every key's entry (`undefined`: there is none), also of those that have not changed since the last frame:
 * Deno's client (measured with 2.9.6) takes "not changed" for "deleted".
 */
export function encodeWatchFrame(entries: readonly (Entry | undefined)[]): Uint8Array<ArrayBuffer> {
  const sizes = entries.map((entry) => 2 + (entry === undefined ? 0 : bytesFieldSize(entrySize(entry))));
  const size = sizes.reduce((sum, inner) => sum + bytesFieldSize(inner), 2);
  const writer = new WireWriter(size, FRAME_HEADER);
  writer.varint(1, READ_SUCCESS);
  entries.forEach((entry, index) => {
    writer.header(2, sizes[index] ?? 0);
    writer.varint(1, 1);
    if (entry !== undefined) writeEntry(writer, 2, entry);
  });
  new DataView(writer.bytes.buffer).setUint32(0, size, true);
  return writer.bytes;
}

function entrySize({ key, value }: Entry): number {
  return bytesFieldSize(key.length) + bytesFieldSize(value.length) + 2 + bytesFieldSize(VERSIONSTAMP_LENGTH);
}

function writeEntry(writer: WireWriter, field: number, entry: Entry): void {
  writer.header(field, entrySize(entry));
  writer.bytesField(1, entry.key);
  writer.bytesField(2, entry.value);
  writer.varint(3, entry.encoding);
  writeVersionstamp(entry.version, writer.bytes, writer.room(4, VERSIONSTAMP_LENGTH));
}
