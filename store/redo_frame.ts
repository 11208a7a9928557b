/**
 * How a redo log looks, octet by octet: a header that says to which database it belongs, and a frame for each write, all numbers
 * with their least significant octet first.
 *
 * - header, 64 octets: a mark, a checksum of the rest, the version (64-bit float) that the database had when the log was begun,
 *   the database's UUID, and random octets that no other log has, nor another round of this one
 * - frame: length of its changes, a checksum of the rest, the version of the write (64-bit float), and each change: how its value is
 *   encoded (0 for a key that goes), the key's length (16 bits) and the key; and where there is a value, when it expires (64-bit
 *   float, -1 for never), its length (32 bits) and the value
 *
 * The checksum of a frame goes on from the one of the frame before it, or of the header. So what follows the end of a log is no part
 * of it, whatever it looks like: a frame that the disk has without the one before it, after a power cut, or octets of an earlier
 * round or another database, which may be of a value and as its writer wishes.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import type { Effect } from "./plan.ts";
import { keyId } from "./key_id.ts";

/** A write that was applied, and what it takes to do it again. */
export interface AppliedWrite {
  readonly version: number;
  readonly effects: readonly Effect[];
}

/** To which database a log belongs. */
export interface LogHeader {
  /** The database's UUID. */
  readonly id: string;
  /** The version of the last write that the database had on the disk when the log was begun. */
  readonly base: number;
}

/** What is in a log. */
export interface LoggedWrites {
  /** The version of the last write that is in the log or was there when it was begun. */
  readonly last: number;
  /** Where the log ends. */
  readonly end: number;
  /** Of the last frame, or the header. */
  readonly checksum: number;
  readonly writes: readonly AppliedWrite[];
}

/** Octets of a header. */
export const HEADER_BYTES = 64;
const FRAME_HEADER = 16;
/** Octets of a change without its key and value. */
const CHANGE_HEADER = 3;
const VALUE_HEADER = 12;

/** "FLRL" */
const MARK = 0x4c52_4c46;
const CHECKSUM = 4;
const BASE = 8;
const ID = { at: 16, length: 36 };
const RANDOM = 52;

export function writeHeader(bytes: Uint8Array, { id, base }: LogHeader): void {
  const view = viewOf(bytes);
  bytes.fill(0, 0, HEADER_BYTES);
  view.setUint32(0, MARK, true);
  view.setFloat64(BASE, base, true);
  new TextEncoder().encodeInto(id, bytes.subarray(ID.at, ID.at + ID.length));
  crypto.getRandomValues(bytes.subarray(RANDOM, HEADER_BYTES));
  view.setUint32(CHECKSUM, crc32(bytes.subarray(BASE, HEADER_BYTES)), true);
}

/** The header that the octets begin with, or `undefined` when they are none. */
export function readHeader(bytes: Uint8Array): LogHeader | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== MARK) return undefined;
  if (checksumOf(bytes) !== crc32(bytes.subarray(BASE, HEADER_BYTES))) return undefined;
  return {
    id: new TextDecoder().decode(bytes.subarray(ID.at, ID.at + ID.length)),
    base: view.getFloat64(BASE, true),
  };
}

/** The checksum of the header that the octets begin with. */
export function checksumOf(bytes: Uint8Array): number {
  return viewOf(bytes).getUint32(CHECKSUM, true);
}

/** Octets of a write's frame. */
export function frameSize({ effects }: AppliedWrite): number {
  let size = FRAME_HEADER;
  for (const effect of effects) {
    size += CHANGE_HEADER + effect.key.length;
    if (effect.type === "put") size += VALUE_HEADER + effect.value.length;
  }
  return size;
}

/** Writes frames, for which there is room, after one with this checksum, and gives the checksum of the last. */
export function writeFrames(
  bytes: Uint8Array,
  start: number,
  writes: readonly AppliedWrite[],
  checksum: number,
): number {
  const view = viewOf(bytes);
  for (const { version, effects } of writes) {
    let at = start + FRAME_HEADER;
    for (const effect of effects) at = writeEffect(bytes, view, at, effect);
    view.setUint32(start, at - start - FRAME_HEADER, true);
    view.setFloat64(start + 8, version, true);
    checksum = crc32(bytes.subarray(start + 8, at), checksum);
    view.setUint32(start + CHECKSUM, checksum, true);
    start = at;
  }
  return checksum;
}

function writeEffect(bytes: Uint8Array, view: DataView, start: number, effect: Effect): number {
  const { key } = effect;
  view.setUint8(start, effect.type === "put" ? effect.encoding : 0);
  view.setUint16(start + 1, key.length, true);
  let at = start + CHANGE_HEADER;
  bytes.set(key, at);
  at += key.length;
  if (effect.type !== "put") return at;
  view.setFloat64(at, effect.expires ?? -1, true);
  view.setUint32(at + 8, effect.value.length, true);
  at += VALUE_HEADER;
  bytes.set(effect.value, at);
  return at + effect.value.length;
}

/** Reads a log behind its header, as far as it is whole: its writes after a version. */
export function readFrames(bytes: Uint8Array, after: number): LoggedWrites {
  const view = viewOf(bytes);
  const writes: AppliedWrite[] = [];
  let [end, last, checksum] = [HEADER_BYTES, view.getFloat64(BASE, true), checksumOf(bytes)];
  while (end + FRAME_HEADER <= bytes.length) {
    const next = end + FRAME_HEADER + view.getUint32(end, true);
    if (next > bytes.length) break;
    const expected = crc32(bytes.subarray(end + 8, next), checksum);
    if (view.getUint32(end + CHECKSUM, true) !== expected) break;
    const version = view.getFloat64(end + 8, true);
    if (version > after) {
      writes.push({ version, effects: readEffects(bytes, view, end + FRAME_HEADER, next) });
    }
    [last, end, checksum] = [version, next, expected];
  }
  return { writes, last, end, checksum };
}

function readEffects(bytes: Uint8Array, view: DataView, start: number, end: number): Effect[] {
  const effects: Effect[] = [];
  for (let at = start; at < end;) {
    const encoding = view.getUint8(at);
    const key = bytes.subarray(at + CHANGE_HEADER, at + CHANGE_HEADER + view.getUint16(at + 1, true));
    at += CHANGE_HEADER + key.length;
    const named = { key, id: keyId(key) };
    if (encoding === 0) {
      effects.push({ type: "remove", ...named });
      continue;
    }
    const expires = view.getFloat64(at, true);
    const value = bytes.subarray(at + VALUE_HEADER, at + VALUE_HEADER + view.getUint32(at + 8, true));
    at += VALUE_HEADER + value.length;
    effects.push({ type: "put", ...named, value, encoding, expires: expires === -1 ? null : expires });
  }
  return effects;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
