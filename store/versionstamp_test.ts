import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { decodeVersionstamp, encodeVersionstamp, versionstampKeyPart } from "./versionstamp.ts";

const version = fc.nat({ max: Number.MAX_SAFE_INTEGER });

Deno.test("encodeVersionstamp() sorts as its versions do", () => {
  fc.assert(fc.property(version, version, (one, other) => {
    const [first, second] = [encodeVersionstamp(one).toHex(), encodeVersionstamp(other).toHex()];
    assertEquals(first < second, one < other);
    assertEquals(first.length, 20);
  }));
});

Deno.test("decodeVersionstamp() reverses encodeVersionstamp(), anywhere in a buffer", () => {
  fc.assert(fc.property(version, (value) => {
    const buffer = new Uint8Array([9, 9, 9, ...encodeVersionstamp(value), 9]);
    assertEquals(decodeVersionstamp(buffer.subarray(3, 13)), value);
  }));
});

Deno.test("decodeVersionstamp() gives no version of ours for bytes that none has", () => {
  assertEquals(decodeVersionstamp(new Uint8Array(10).fill(255)), -1);
  assertEquals(decodeVersionstamp(new Uint8Array([0, 0, 0, 0, 0, 0, 0, 5, 0, 1])), -1);
});

Deno.test("versionstampKeyPart() is the versionstamp as a string part", () => {
  assertEquals(versionstampKeyPart(255), new TextEncoder().encode("\x0200000000000000ff0000\0"));
});
