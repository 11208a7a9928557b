/**
 * The data path's messages from the client's side: what tests and measurements speak to a store with when no client of
 * Deno's can be had, or none sends what is to be tested.
 *
 * @module
 */
import { type ReadRange, WireReader } from "@flotilla/runtime/kv_connect";
import { MessageBuilder } from "@flotilla/runtime/testing";
import type { Entry, WireCheck, WireMutation } from "../datapath.ts";
import { decodeVersionstamp } from "../versionstamp.ts";

/** A write to send. */
export interface ClientWrite {
  checks?: readonly WireCheck[];
  mutations?: readonly Partial<WireMutation>[];
  /** Empty messages to enqueue. */
  enqueues?: number;
}

/** The answer to a write. */
export interface ClientWriteOutput {
  status: number;
  version: number | undefined;
  failedChecks: number[];
}

export function encodeSnapshotRead(ranges: readonly ReadRange[]): Uint8Array<ArrayBuffer> {
  const message = new MessageBuilder();
  for (const { start, end, limit, reverse } of ranges) {
    const range = new MessageBuilder().bytes(1, start).bytes(2, end).varint(3, limit).varint(
      4,
      reverse ? 1 : 0,
    );
    message.bytes(1, range.build());
  }
  return message.build();
}

export function encodeAtomicWrite(
  { checks = [], mutations = [], enqueues = 0 }: ClientWrite,
): Uint8Array<ArrayBuffer> {
  const message = new MessageBuilder();
  for (const { key, versionstamp } of checks) {
    message.bytes(1, new MessageBuilder().bytes(1, key).bytes(2, versionstamp).build());
  }
  for (const mutation of mutations) message.bytes(2, encodeMutation(mutation));
  for (let index = 0; index < enqueues; index++) message.bytes(3, new Uint8Array());
  return message.build();
}

function encodeMutation(mutation: Partial<WireMutation>): Uint8Array<ArrayBuffer> {
  const { key, value, type, expireAt, sumMin, sumMax, sumClamp } = mutation;
  const message = new MessageBuilder();
  if (key !== undefined) message.bytes(1, key);
  if (value !== undefined) {
    message.bytes(2, new MessageBuilder().bytes(1, value.data).varint(2, value.encoding).build());
  }
  if (type !== undefined) message.varint(3, type);
  if (expireAt !== undefined) message.varint(4, BigInt(expireAt));
  if (sumMin !== undefined) message.bytes(5, sumMin);
  if (sumMax !== undefined) message.bytes(6, sumMax);
  if (sumClamp !== undefined) message.varint(7, sumClamp ? 1 : 0);
  return message.build();
}

export function encodeWatch(keys: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const message = new MessageBuilder();
  for (const key of keys) message.bytes(1, new MessageBuilder().bytes(1, key).build());
  return message.build();
}

/** The entries of each range. */
export function decodeSnapshotReadOutput(bytes: Uint8Array): Entry[][] {
  return inner(bytes, 1).map((range) => inner(range, 1).map(decodeEntry));
}

export function decodeWriteOutput(bytes: Uint8Array): ClientWriteOutput {
  const output: ClientWriteOutput = { status: 0, version: undefined, failedChecks: [] };
  const reader = new WireReader(bytes);
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag >>> 3 === 1) output.status = reader.int32(tag);
    else if (tag >>> 3 === 2) output.version = decodeVersionstamp(reader.bytes(tag));
    // Packed; every index is below 128, so one byte each.
    else if (tag >>> 3 === 4) output.failedChecks.push(...reader.bytes(tag));
    else reader.skip(tag);
  }
  return output;
}

/** The watched keys of a frame's message: an entry, or `undefined` for a key that is not there. */
export function decodeWatchOutput(bytes: Uint8Array): (Entry | undefined)[] {
  return inner(bytes, 2).map((key) => inner(key, 2).map(decodeEntry)[0]);
}

/** The inner messages that stand under a field's number. */
function inner(bytes: Uint8Array, field: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  const reader = new WireReader(bytes);
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag >>> 3 === field) found.push(reader.bytes(tag));
    else reader.skip(tag);
  }
  return found;
}

function decodeEntry(bytes: Uint8Array): Entry {
  let [key, value, encoding, version] = [new Uint8Array(), new Uint8Array(), 0, 0];
  const reader = new WireReader(bytes);
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag >>> 3 === 1) key = reader.bytes(tag).slice();
    else if (tag >>> 3 === 2) value = reader.bytes(tag).slice();
    else if (tag >>> 3 === 3) encoding = reader.int32(tag);
    else if (tag >>> 3 === 4) version = decodeVersionstamp(reader.bytes(tag));
    else reader.skip(tag);
  }
  return { key, value, encoding, version, expires: null };
}
