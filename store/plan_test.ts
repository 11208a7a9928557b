import { serialize } from "node:v8";
import { assertEquals, assertThrows } from "@std/assert";
import { admitWrite, writeLe64 } from "./atomic_write.ts";
import { ENCODING, MUTATION } from "@flotilla/runtime/kv_connect";
import type { WireMutation } from "./datapath.ts";
import { type Effect, planWrite, type Snapshot } from "./plan.ts";
import { Refusal } from "./refusal.ts";
import { bytes } from "./testing/store_client.ts";
import { decodeV8Number } from "./v8_number.ts";

const KEY = bytes("key");
const EMPTY = new Uint8Array();
const VERSION = 1_000;

interface Stored {
  value: Uint8Array;
  encoding: number;
}

const v8 = (value: unknown): Stored => ({ value: new Uint8Array(serialize(value)), encoding: ENCODING.v8 });
const le64 = (value: bigint): Stored => ({ value: writeLe64(value), encoding: ENCODING.le64 });

function holding(stored: Stored | undefined): Snapshot {
  return { version: () => stored === undefined ? undefined : 7, entry: () => stored };
}

function mutation(
  type: keyof typeof MUTATION,
  operand: Stored,
  more: Partial<WireMutation> = {},
): WireMutation {
  return {
    key: KEY,
    type: MUTATION[type],
    value: { data: operand.value, encoding: operand.encoding },
    expireAt: 0,
    sumMin: EMPTY,
    sumMax: EMPTY,
    sumClamp: false,
    ...more,
  };
}

/** The effects of mutations of one key that holds `stored`. */
function effects(stored: Stored | undefined, ...mutations: WireMutation[]): readonly Effect[] {
  const plan = planWrite(admitWrite({ checks: [], mutations, enqueues: 0 }), VERSION, holding(stored));
  if (plan.type === "conflict") throw new TypeError("Cannot look at effects: the plan is a conflict");
  return plan.effects;
}

/** The value that the last effect puts. */
function result(stored: Stored | undefined, ...mutations: WireMutation[]): unknown {
  const effect = effects(stored, ...mutations).at(-1);
  if (effect?.type !== "put") return undefined;
  const { value, encoding } = effect;
  return encoding === ENCODING.le64
    ? new DataView(value.buffer, value.byteOffset).getBigUint64(0, true)
    : decodeV8Number(value);
}

function refused(text: string, stored: Stored | undefined, ...mutations: WireMutation[]): void {
  const error = assertThrows(() => effects(stored, ...mutations), Refusal, text);
  assertEquals(error instanceof Refusal && error.status, 400);
}

Deno.test("planWrite() names every check that fails", () => {
  const stamp = (last: number) => new Uint8Array([0, 0, 0, 0, 0, 0, 0, last, 0, 0]);
  const checks = [EMPTY, stamp(7), stamp(8), new Uint8Array(10).fill(255)].map((versionstamp) => ({
    key: KEY,
    versionstamp,
  }));
  const write = admitWrite({ checks, mutations: [mutation("set", v8(1))], enqueues: 0 });
  assertEquals(planWrite(write, VERSION, holding(v8(0))), { type: "conflict", failed: [0, 2, 3] });
});

Deno.test("planWrite() puts a value as it was sent, with its expiry", () => {
  const [effect] = effects(undefined, mutation("set", v8("x"), { expireAt: 5_000 }));
  assertEquals(effect, { type: "put", key: KEY, id: "key", ...v8("x"), expires: 5_000 });
});

Deno.test("planWrite() takes 0 and -1 as no expiry and refuses an earlier time", () => {
  for (const expireAt of [0, -1]) {
    const [effect] = effects(undefined, mutation("set", v8("x"), { expireAt }));
    assertEquals(effect?.type === "put" && effect.expires, null);
  }
  refused("Invalid mutation expire at", undefined, mutation("set", v8("x"), { expireAt: -2 }));
});

Deno.test("planWrite() appends the versionstamp to a suffixed key as a string part", () => {
  const [effect] = effects(undefined, mutation("setSuffixVersionstampedKey", v8(1)));
  assertEquals(effect?.key, bytes("key\x0200000000000003e80000\0"));
});

Deno.test("planWrite() adds 64-bit integers, from nothing and around 2^64", () => {
  assertEquals(result(undefined, mutation("sum", le64(5n))), 5n);
  assertEquals(result(le64(2n ** 64n - 1n), mutation("sum", le64(3n))), 2n);
});

Deno.test("planWrite() compares 64-bit integers without sign", () => {
  const high = 2n ** 63n;
  assertEquals(result(le64(high), mutation("max", le64(1n))), high);
  assertEquals(result(le64(high), mutation("min", le64(1n))), 1n);
  assertEquals(result(undefined, mutation("min", le64(9n))), 9n);
});

Deno.test("planWrite() lets a mutation see those before it", () => {
  const add = mutation("sum", le64(1n));
  assertEquals(result(le64(10n), add, add, add), 13n);
  assertEquals(result(le64(10n), mutation("delete", le64(0n)), add), 1n);
  assertEquals(result(v8("text"), mutation("set", le64(4n)), add), 5n);
  refused("non-U64 value", le64(1n), mutation("set", v8("text")), add);
});

Deno.test("planWrite() refuses 64-bit arithmetic on other values", () => {
  for (const type of ["sum", "min", "max"] as const) {
    refused(
      `Failed to perform '${type}' mutation on a non-U64 value in the database`,
      v8(1),
      mutation(type, le64(1n)),
    );
  }
  refused("Failed to perform 'min' mutation on a non-U64 operand", undefined, mutation("min", v8(1n)));
  refused("Failed to perform 'max' mutation on a non-U64 operand", undefined, mutation("max", v8(1)));
});

Deno.test("planWrite() adds numbers and bigints of JavaScript, each to its own", () => {
  assertEquals(result(v8(40), mutation("sum", v8(2.5))), 42.5);
  assertEquals(result(v8(2n ** 70n), mutation("sum", v8(-1n))), 2n ** 70n - 1n);
  assertEquals(result(undefined, mutation("sum", v8(7))), 7);
  refused("Cannot sum BigInt with Number", v8(1n), mutation("sum", v8(1)));
  refused("Cannot sum Number with BigInt", v8(1), mutation("sum", v8(1n)));
  refused("unsupported value type", v8("one"), mutation("sum", v8(1)));
});

Deno.test("planWrite() keeps a sum within its bounds or refuses it", () => {
  const bounds = (min: number, max: number, sumClamp: boolean) => ({
    sumMin: v8(min).value,
    sumMax: v8(max).value,
    sumClamp,
  });
  assertEquals(result(v8(5), mutation("sum", v8(3), bounds(0, 10, false))), 8);
  assertEquals(result(v8(5), mutation("sum", v8(30), bounds(0, 10, true))), 10);
  assertEquals(result(v8(5), mutation("sum", v8(-30), bounds(0, 10, true))), 0);
  const outOfRange = "The result of a Sum operation would exceed its range limit";
  refused(outOfRange, v8(5), mutation("sum", v8(30), bounds(0, 10, false)));
  refused(outOfRange, v8(5), mutation("sum", v8(-30), bounds(0, 10, false)));
});

Deno.test("planWrite() refuses bounds and operands that are no numbers of one type", () => {
  refused("Min/max parameters have different types", v8(5), mutation("sum", v8(1), { sumMax: v8(9n).value }));
  refused("Some of the parameters are not valid V8 values", v8(5), mutation("sum", v8("x")));
  refused(
    "Some of the parameters are not valid V8 values",
    v8(5),
    mutation("sum", v8(1), { sumMin: v8("x").value }),
  );
  const raw = { value: new Uint8Array(3), encoding: ENCODING.bytes };
  refused("Some of the parameters are not valid V8 values", undefined, mutation("sum", raw));
});

Deno.test("planWrite() adds a bigint to a 64-bit integer when it fits and has no bounds", () => {
  assertEquals(result(le64(40n), mutation("sum", v8(2n))), 42n);
  refused("Cannot sum KvU64 with BigInt", le64(40n), mutation("sum", v8(-2n)));
  refused("Cannot sum KvU64 with BigInt", le64(40n), mutation("sum", v8(2n), { sumMax: v8(99n).value }));
  refused("Cannot sum KvU64 with Number", le64(40n), mutation("sum", v8(2)));
});

Deno.test("planWrite() refuses a sum that has grown beyond the size of a value", () => {
  const widest = (1n << BigInt(8 * 65_528)) - 1n;
  refused("A value exceeds the value size limit", v8(widest), mutation("sum", v8(1n)));
});

Deno.test("admitWrite() refuses mutations that make no sense", () => {
  refused("Invalid mutation kind or arguments", undefined, mutation("set", v8(1), { type: 77 }));
  refused("Invalid mutation kind or arguments", undefined, mutation("set", v8(1), { value: undefined }));
  refused("The value encoding 0 is unknown", undefined, mutation("set", { value: EMPTY, encoding: 0 }));
  refused(
    "A 64-bit integer must have 8 bytes, got 7",
    undefined,
    mutation("sum", { value: new Uint8Array(7), encoding: 2 }),
  );
});

Deno.test("admitWrite() refuses a versionstamp of another length", () => {
  const checks = [{ key: KEY, versionstamp: new Uint8Array(9) }];
  assertThrows(() => admitWrite({ checks, mutations: [], enqueues: 0 }), Refusal, "Invalid versionstamp");
});
