import { Buffer } from "node:buffer";
import { deserialize, serialize } from "node:v8";
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { decodeV8Number, encodeV8Number } from "./v8_number.ts";

const numeric = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.bigInt(),
  fc.bigInt({ max: 2n ** 2_000n, min: -(2n ** 2_000n) }),
);

Deno.test("decodeV8Number() reads what V8 writes", () => {
  fc.assert(fc.property(numeric, (value) => {
    assertEquals(decodeV8Number(new Uint8Array(serialize(value))), value);
  }));
});

Deno.test("encodeV8Number() writes what V8 reads", () => {
  fc.assert(fc.property(numeric, (value) => {
    assertEquals(deserialize(Buffer.from(encodeV8Number(value))), value);
  }));
});

Deno.test("decodeV8Number() reads the ends of each way to write an integer", () => {
  for (const value of [0, -0, 1, -1, 2 ** 30, 2 ** 31 - 1, -(2 ** 31), 2 ** 32 - 1, 2 ** 32, NaN, Infinity]) {
    assertEquals(decodeV8Number(new Uint8Array(serialize(value))), value);
  }
});

Deno.test("decodeV8Number() gives undefined for every other value", () => {
  for (const value of ["1", null, undefined, true, [1], { value: 1 }, new Date(1)]) {
    assertEquals(decodeV8Number(new Uint8Array(serialize(value))), undefined);
  }
});

Deno.test("decodeV8Number() gives undefined for what is cut off", () => {
  for (const value of [12_345, 1.5, 2n ** 90n]) {
    const whole = new Uint8Array(serialize(value));
    for (let length = 0; length < whole.length; length++) {
      assertEquals(decodeV8Number(whole.subarray(0, length)), undefined, `${value} cut to ${length}`);
    }
  }
});

Deno.test("decodeV8Number() takes any bytes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
    const value = decodeV8Number(new Uint8Array([0xff, 0x0f, ...bytes]));
    return value === undefined || typeof value === "number" || typeof value === "bigint";
  }));
});
