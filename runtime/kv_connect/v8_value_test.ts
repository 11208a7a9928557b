import { deserialize, Serializer } from "node:v8";
import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { decodeV8, encodeV8 } from "./v8_value.ts";

/** As V8 itself writes it. */
function natively(value: unknown): Uint8Array {
  const serializer = new Serializer();
  serializer.writeHeader();
  serializer.writeValue(value);
  return new Uint8Array(serializer.releaseBuffer());
}

const json = fc.anything({
  withNullPrototype: false,
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withTypedArray: true,
  withSparseArray: true,
  maxDepth: 4,
});

Deno.test("V8 reads whatever encodeV8() writes", () => {
  fc.assert(fc.property(json, (value) => {
    assertEquals(deserialize(encodeV8(value)), structuredClone(value));
  }));
});

Deno.test("decodeV8() reads whatever V8 writes", () => {
  fc.assert(fc.property(json, (value) => {
    assertEquals(decodeV8(natively(value)), structuredClone(value));
  }));
});

Deno.test("encodeV8() writes plain values as V8 does, byte by byte", () => {
  const values = [
    "text",
    "é",
    "€",
    "odd€",
    "",
    "x".repeat(300),
    "€".repeat(300),
    0,
    -1,
    2 ** 29,
    2 ** 31,
    -(2 ** 31),
    2 ** 53,
    -0,
    NaN,
    Infinity,
    1.5,
    true,
    false,
    null,
    undefined,
    [],
    {},
    [1, ["a", null], {}],
    { a: { b: "c€", n: 1.5 }, list: [true, undefined] },
    new Uint8Array([1, 2, 3]),
    { json: new TextEncoder().encode("x".repeat(300)), none: new Uint8Array() },
  ];
  for (const value of values) assertEquals(encodeV8(value), natively(value), String(value));
});

Deno.test("decodeV8() keeps what is one object one object, and a value that contains itself", () => {
  const shared = { n: 1 };
  const loop: { own?: unknown; twice: unknown[] } = { twice: [shared, shared] };
  loop.own = loop;
  const read = decodeV8(encodeV8(loop));
  assertEquals(read, loop);
  if (typeof read !== "object" || read === null || !("own" in read) || !("twice" in read)) throw new Error();
  assertStrictEquals(read.own, read);
  if (!Array.isArray(read.twice)) throw new Error();
  assertStrictEquals(read.twice[0], read.twice[1]);
});

Deno.test("decodeV8() gives a value no other prototype than it had", () => {
  const value: unknown = JSON.parse('{"__proto__":{"admin":true},"1":"one","01":"two"}');
  const read = decodeV8(encodeV8(value));
  assertEquals(Object.entries(Object(read)), Object.entries(Object(value)));
  assertEquals(Object.getPrototypeOf(read), Object.prototype);
});

Deno.test("encodeV8() and decodeV8() take values of any depth that V8 takes", () => {
  let deep: unknown = 1;
  for (let depth = 0; depth < 500; depth++) deep = depth % 2 === 0 ? [deep] : { deep };
  assertEquals(decodeV8(encodeV8(deep)), deep);
});

Deno.test("encodeV8() may be asked again by a getter of the value", () => {
  const value = {
    before: "x".repeat(50),
    get inner() {
      return encodeV8({ other: 1 }).length;
    },
    after: "y",
  };
  assertEquals(decodeV8(encodeV8(value)), { ...value });
});

Deno.test("encodeV8() throws for what cannot be stored", () => {
  assertThrows(() => encodeV8(() => {}));
  assertThrows(() => encodeV8({ deep: [Symbol("odd")] }));
  assertEquals(decodeV8(encodeV8({ next: "is unharmed" })), { next: "is unharmed" });
});

Deno.test("decodeV8() throws for bytes that are no value", () => {
  for (const hex of ["", "ff", "ff0f", "ff0f22ff", "ff0f6f2201", "ff0f41ffffffff0f", "ff0f49ff"]) {
    assertThrows(() => decodeV8(Uint8Array.fromHex(hex)), Error, undefined, hex);
  }
});

Deno.test("encodeV8() writes of a view what it shows, and keeps what two views share", () => {
  const whole = new Uint8Array(1_000).fill(7);
  const part = encodeV8({ part: whole.subarray(10, 12) });
  assertEquals([decodeV8(part), part.length < 50], [{ part: new Uint8Array([7, 7]) }, true]);
  const shared = decodeV8(encodeV8([whole.subarray(0, 2), whole.subarray(1, 3)]));
  if (!Array.isArray(shared)) throw new Error();
  shared[0][1] = 9;
  assertEquals(shared[1][0], 9);
});

Deno.test("decodeV8() reads a view that shows a part of its buffer, and a buffer without a view", () => {
  const whole = new Uint8Array([1, 2, 3, 4]);
  assertEquals(decodeV8(natively({ part: whole.subarray(1, 3) })), { part: new Uint8Array([2, 3]) });
  assertEquals(decodeV8(natively([whole.buffer, 1])), [whole.buffer, 1]);
});
