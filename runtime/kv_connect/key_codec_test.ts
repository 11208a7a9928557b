import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { decodeKey, encodeKey, KeyError } from "./key_codec.ts";

const part: fc.Arbitrary<Deno.KvKeyPart> = fc.oneof(
  fc.uint8Array({ maxLength: 8 }).map((bytes) => new Uint8Array(bytes)),
  fc.string({ maxLength: 8, unit: "grapheme" }),
  fc.constantFrom("", "\0", "a\0", "\0\xff", "é\0", "😀"),
  fc.bigInt({ min: -(2n ** 90n), max: 2n ** 90n }),
  fc.constantFrom(0n, 255n, 256n, -255n, -256n, 2n ** 64n - 1n, 2n ** 64n, -(2n ** 64n), 1n - 2n ** 64n),
  fc.double(),
  fc.boolean(),
);

Deno.test("decodeKey() reads every key that encodeKey() writes", () => {
  fc.assert(fc.property(fc.array(part, { maxLength: 6 }), (key) => {
    assertEquals(decodeKey(encodeKey(key)), key);
  }));
});

Deno.test("encodeKey() writes what the tuple layer of FoundationDB does", () => {
  const hexOf = (key: Deno.KvKey) => encodeKey(key).toHex();
  assertEquals(hexOf(["hello", new Uint8Array([1, 2, 0, 7, 8])]), "0268656c6c6f00" + "01010200ff070800");
  assertEquals(hexOf([0n, 1n, -1n, 256n, -256n]), "14" + "1501" + "13fe" + "160100" + "12feff");
  assertEquals(hexOf([2n ** 64n, -(2n ** 64n)]), "1d09010000000000000000" + "0bf6feffffffffffffffff");
  assertEquals(hexOf([1, -1, false, true]), "21bff0000000000000" + "21400fffffffffffff" + "2627");
});

Deno.test("encodeKey() takes texts and bytes of any length", () => {
  const key = ["x".repeat(10_000), "é".repeat(10_000), new Uint8Array(10_000)];
  assertEquals(decodeKey(encodeKey(key)), key);
});

Deno.test("encodeKey() refuses a symbol, and a bigint that no key can hold", () => {
  const symbol: Deno.KvKeyPart = Object(Symbol("odd"));
  assertThrows(() => encodeKey([symbol]), TypeError, "part of type object");
  assertThrows(() => encodeKey([2n ** 2_040n]), TypeError, "255 bytes, got 256");
});

for (
  const [criterion, hex] of Object.entries({
    "a text without an end": "0261",
    "a number that is cut off": "21bff0",
    "a bigint that is cut off": "1601",
    "an unknown tag": "7f",
    "a text that is no UTF-8": "02ff00",
  })
) {
  Deno.test(`decodeKey() throws KeyError with ${criterion}`, () => {
    assertThrows(() => decodeKey(Uint8Array.fromHex(hex)), KeyError);
  });
}
