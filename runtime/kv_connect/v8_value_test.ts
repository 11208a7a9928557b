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
