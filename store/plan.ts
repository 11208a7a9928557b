import type { AtomicWrite, Le64Mutation, Mutation, NamedKey, SumMutation } from "./atomic_write.ts";
import { readLe64, writeLe64 } from "./atomic_write.ts";
import { ENCODING } from "@flotilla/runtime/kv_connect";
import type { Entry } from "./datapath.ts";
import { keyId } from "./key_id.ts";
import { assertValueSize } from "./limits.ts";
import { Refusal } from "./refusal.ts";
import { decodeV8Number, encodeV8Number, type V8Number } from "./v8_number.ts";
import { versionstampKeyPart } from "./versionstamp.ts";

/** One change to one key. */
export type Effect =
  | NamedKey & {
    readonly type: "put";
    readonly value: Uint8Array;
    readonly encoding: number;
    readonly expires: number | null;
  }
  | NamedKey & { readonly type: "remove" };

/** What becomes of a write: its changes, or the indices of the checks that failed. */
export type Plan =
  | { readonly type: "apply"; readonly effects: readonly Effect[] }
  | { readonly type: "conflict"; readonly failed: readonly number[] };

/** What a plan is made from: what is stored now, without what has expired. */
export interface Snapshot {
  /** The version of the commit that wrote the key, or `undefined` when it is not there. */
  version(key: NamedKey): number | undefined;
  /** What is stored under the key. */
  entry(key: NamedKey): Pick<Entry, "value" | "encoding"> | undefined;
}

/**
 * Decides a write before anything is changed, so that one that fails halfway leaves no half behind and needs no
 * savepoint: the checks first, then each mutation on what those before it make of its key.
 *
 * @param version the version that the write gets if it is applied
 * @throws {Refusal} when a mutation does not fit what is stored
 */
export function planWrite(write: AtomicWrite, version: number, snapshot: Snapshot): Plan {
  const failed: number[] = [];
  write.checks.forEach((check, index) => {
    if (snapshot.version(check) !== check.version) failed.push(index);
  });
  if (failed.length > 0) return { type: "conflict", failed };
  const effects: Effect[] = [];
  const current = currentValues(write.mutations, effects, snapshot);
  for (const mutation of write.mutations) effects.push(effectOf(mutation, version, current));
  return { type: "apply", effects };
}

type CurrentValue = (key: NamedKey) => Pick<Entry, "value" | "encoding"> | undefined;

/** Looks a key up among the effects so far, indexed as far as they go where somebody may ask, and then in the database. */
function currentValues(
  mutations: readonly Mutation[],
  effects: readonly Effect[],
  snapshot: Snapshot,
): CurrentValue {
  if (mutations.length === 1) return (key) => snapshot.entry(key);
  const asked = new Set<string>();
  for (const { type, id } of mutations) if (type !== "set" && type !== "delete") asked.add(id);
  const latest = new Map<string, Effect>();
  let indexed = 0;
  return (key) => {
    for (; indexed < effects.length; indexed++) {
      const effect = effects[indexed];
      if (effect !== undefined && asked.has(effect.id)) latest.set(effect.id, effect);
    }
    const effect = latest.get(key.id);
    if (effect === undefined) return snapshot.entry(key);
    return effect.type === "put" ? effect : undefined;
  };
}

function effectOf(mutation: Mutation, version: number, current: CurrentValue): Effect {
  switch (mutation.type) {
    case "set": {
      const { suffix, value, encoding, expires } = mutation;
      const { key, id } = suffix ? suffixed(mutation, version) : mutation;
      return { type: "put", key, id, value, encoding, expires };
    }
    case "delete":
      return { type: "remove", key: mutation.key, id: mutation.id };
    case "sum-v8":
      return addV8(mutation, current(mutation));
    default:
      return combineLe64(mutation, current(mutation));
  }
}

function combineLe64(mutation: Le64Mutation, stored: ReturnType<CurrentValue>): Effect {
  const { type, key, id, operand, expires } = mutation;
  if (stored !== undefined && stored.encoding !== ENCODING.le64) {
    throw Refusal.final(`Failed to perform '${type}' mutation on a non-U64 value in the database`);
  }
  const result = stored === undefined ? operand : COMBINE[type](readLe64(stored.value), operand);
  return { type: "put", key, id, value: writeLe64(result), encoding: ENCODING.le64, expires };
}

const COMBINE = {
  sum: (stored: bigint, operand: bigint) => stored + operand,
  min: (stored: bigint, operand: bigint) => stored < operand ? stored : operand,
  max: (stored: bigint, operand: bigint) => stored > operand ? stored : operand,
} as const;

function addV8(mutation: SumMutation, stored: ReturnType<CurrentValue>): Effect {
  const { key, id, operand, min, max, clamp, expires } = mutation;
  if (stored === undefined) {
    return { type: "put", key, id, value: encodeV8Number(operand), encoding: ENCODING.v8, expires };
  }
  if (stored.encoding === ENCODING.le64) {
    const value = addToLe64(stored.value, mutation);
    return { type: "put", key, id, value, encoding: ENCODING.le64, expires };
  }
  const value = stored.encoding === ENCODING.v8 ? decodeV8Number(stored.value) : undefined;
  if (value === undefined) throw Refusal.final("unsupported value type");
  const sum = bounded(addNumbers(value, operand), { min, max, clamp });
  const bytes = encodeV8Number(sum);
  assertValueSize(bytes.length);
  return { type: "put", key, id, value: bytes, encoding: ENCODING.v8, expires };
}

/** A bigint without bounds may be added to an unsigned 64-bit integer, as clients of old do it. */
function addToLe64(stored: Uint8Array, mutation: SumMutation): Uint8Array<ArrayBuffer> {
  const { operand, min, max, clamp } = mutation;
  const plain = min === undefined && max === undefined && !clamp;
  if (typeof operand === "bigint" && plain && operand >= 0n && operand < 1n << 64n) {
    return writeLe64(readLe64(stored) + operand);
  }
  throw Refusal.final(`Cannot sum KvU64 with ${typeName(operand)}`);
}

function addNumbers(stored: V8Number, operand: V8Number): V8Number {
  if (typeof stored === "bigint" && typeof operand === "bigint") return stored + operand;
  if (typeof stored === "number" && typeof operand === "number") return stored + operand;
  throw Refusal.final(`Cannot sum ${typeName(stored)} with ${typeName(operand)}`);
}

function bounded(sum: V8Number, bounds: Pick<SumMutation, "min" | "max" | "clamp">): V8Number {
  const { min, max, clamp } = bounds;
  const low = min !== undefined && sum < min;
  const high = max !== undefined && sum > max;
  if ((low || high) && !clamp) {
    throw Refusal.final("The result of a Sum operation would exceed its range limit");
  }
  // Raised first and lowered last, so that the upper bound wins where the bounds cross.
  const raised = low ? min : sum;
  return max !== undefined && raised > max ? max : raised;
}

function typeName(value: V8Number): "BigInt" | "Number" {
  return typeof value === "bigint" ? "BigInt" : "Number";
}

function suffixed({ key: prefix }: NamedKey, version: number): NamedKey {
  const key = concatenate(prefix, versionstampKeyPart(version));
  return { key, id: keyId(key) };
}

function concatenate(head: Uint8Array, tail: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(head.length + tail.length);
  bytes.set(head);
  bytes.set(tail, head.length);
  return bytes;
}
