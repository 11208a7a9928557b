import { ENCODING, LIMITS, MUTATION } from "@flotilla/runtime/kv_connect";
import type { WireMutation, WireValue, WireWrite } from "./datapath.ts";
import { keyId } from "./key_id.ts";
import { assertKey, assertWritable } from "./limits.ts";
import { Refusal } from "./refusal.ts";
import { decodeV8Number, type V8Number } from "./v8_number.ts";
import { decodeVersionstamp, VERSIONSTAMP_KEY_PART_LENGTH, VERSIONSTAMP_LENGTH } from "./versionstamp.ts";

/** A key, and its {@linkcode keyId}, which is made once. */
export interface NamedKey {
  readonly key: Uint8Array;
  readonly id: string;
}

/** A condition: the key was written by this version, or is not there when it is `undefined`. */
export interface Check extends NamedKey {
  readonly version: number | undefined;
}

/** What all mutations but a deletion have. */
interface Written extends NamedKey {
  /** Milliseconds since the epoch; `null` for never. */
  readonly expires: number | null;
}

/** Puts a value; with `suffix` under the key and the commit's versionstamp. */
export interface SetMutation extends Written {
  readonly type: "set";
  readonly suffix: boolean;
  readonly value: Uint8Array;
  readonly encoding: number;
}

/** Takes a key away. */
export interface DeleteMutation extends NamedKey {
  readonly type: "delete";
}

/** Combines an unsigned 64-bit integer with the one that is stored. */
export interface Le64Mutation extends Written {
  readonly type: "sum" | "min" | "max";
  readonly operand: bigint;
}

/** Adds to a number or bigint that is stored as JavaScript has it. */
export interface SumMutation extends Written {
  readonly type: "sum-v8";
  readonly operand: V8Number;
  readonly min: V8Number | undefined;
  readonly max: V8Number | undefined;
  /** Whether a result out of range becomes the bound; otherwise the write is refused. */
  readonly clamp: boolean;
}

/** One change that a write asks for. */
export type Mutation = SetMutation | DeleteMutation | Le64Mutation | SumMutation;

/** A write within the limits, every part of which makes sense by itself. */
export interface AtomicWrite {
  readonly checks: readonly Check[];
  readonly mutations: readonly Mutation[];
}

/**
 * Judges what can be judged of a write without the database.
 *
 * @throws {Refusal} when the write is beyond the limits or a part of it makes no sense
 */
export function admitWrite(write: WireWrite): AtomicWrite {
  assertWritable(write);
  const checks = write.checks.map(({ key, versionstamp }): Check => {
    const id = keyId(key);
    if (versionstamp.length === 0) return { key, id, version: undefined };
    if (versionstamp.length !== VERSIONSTAMP_LENGTH) throw Refusal.final("Invalid versionstamp.");
    return { key, id, version: decodeVersionstamp(versionstamp) };
  });
  return { checks, mutations: write.mutations.map(admitMutation) };
}

function admitMutation(mutation: WireMutation): Mutation {
  const { key, type } = mutation;
  const id = keyId(key);
  if (type === MUTATION.delete) return { type: "delete", key, id };
  const value = admitValue(mutation.value);
  const written: Written = { key, id, expires: admitExpiry(mutation.expireAt) };
  switch (type) {
    case MUTATION.set:
      return { ...written, type: "set", suffix: false, value: value.data, encoding: value.encoding };
    case MUTATION.setSuffixVersionstampedKey:
      // The whole key must stay one that can be read.
      assertKey(key, LIMITS.writeKeyBytes - VERSIONSTAMP_KEY_PART_LENGTH);
      return { ...written, type: "set", suffix: true, value: value.data, encoding: value.encoding };
    case MUTATION.sum:
      if (value.encoding !== ENCODING.le64) return admitSum(mutation, value, written);
      return { ...written, type: "sum", operand: readLe64(value.data) };
    case MUTATION.min:
      return { ...written, type: "min", operand: admitLe64("min", value) };
    case MUTATION.max:
      return { ...written, type: "max", operand: admitLe64("max", value) };
    default:
      throw Refusal.final("Invalid mutation kind or arguments.");
  }
}

function admitValue(value: WireValue | undefined): WireValue {
  if (value === undefined) throw Refusal.final("Invalid mutation kind or arguments.");
  const { data, encoding } = value;
  if (encoding < ENCODING.v8 || encoding > ENCODING.bytes) {
    throw Refusal.final(`The value encoding ${encoding} is unknown.`);
  }
  if (encoding === ENCODING.le64 && data.length !== 8) {
    throw Refusal.final(`A 64-bit integer must have 8 bytes, got ${data.length}.`);
  }
  return value;
}

/** Zero stands for never, and so does -1, which old clients send. */
function admitExpiry(expireAt: number): number | null {
  if (expireAt < -1) throw Refusal.final("Invalid mutation expire at.");
  return expireAt <= 0 ? null : Math.min(expireAt, Number.MAX_SAFE_INTEGER);
}

function admitLe64(name: "min" | "max", value: WireValue): bigint {
  if (value.encoding === ENCODING.le64) return readLe64(value.data);
  throw Refusal.final(`Failed to perform '${name}' mutation on a non-U64 operand`);
}

function admitSum(mutation: WireMutation, value: WireValue, written: Written): SumMutation {
  const operand = value.encoding === ENCODING.v8 ? decodeV8Number(value.data) : undefined;
  const min = mutation.sumMin.length === 0 ? undefined : decodeV8Number(mutation.sumMin);
  const max = mutation.sumMax.length === 0 ? undefined : decodeV8Number(mutation.sumMax);
  const unreadable = operand === undefined ||
    (min === undefined && mutation.sumMin.length > 0) || (max === undefined && mutation.sumMax.length > 0);
  if (unreadable) throw Refusal.final("Some of the parameters are not valid V8 values");
  if ([min, max].some((bound) => bound !== undefined && typeof bound !== typeof operand)) {
    throw Refusal.final("Min/max parameters have different types than the operand");
  }
  return { ...written, type: "sum-v8", operand, min, max, clamp: mutation.sumClamp };
}

/** An unsigned integer of eight bytes, least significant first. */
export function readLe64(bytes: Uint8Array): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(0, true);
}

/** The reverse of {@linkcode readLe64}; wraps around at 2^64. */
export function writeLe64(value: bigint): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  return bytes;
}
