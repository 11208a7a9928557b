import { Buffer } from "node:buffer";
import { LIMITS } from "@flotilla/runtime/kv_connect";
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { keyId } from "./key_id.ts";

Deno.test("keyId() gives each byte a character of its own", () => {
  const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  assertEquals(new Set(keyId(all)).size, 256);
  assertEquals(keyId(all).length, 256);
});

Deno.test("keyId() is in the order of keys, up to the longest", () => {
  const key = fc.uint8Array({ maxLength: LIMITS.readKeyBytes, size: "max" });
  fc.assert(fc.property(key, key, (one, other) => {
    assertEquals(
      Math.sign(Buffer.compare(one, other)),
      keyId(one) < keyId(other) ? -1 : +(keyId(one) > keyId(other)),
    );
  }));
});

Deno.test("keyId() differs where keys differ, also at the marks of other encodings", () => {
  const start = fc.constantFrom([0xef, 0xbb, 0xbf], [0xfe, 0xff], [0xff, 0xfe], []);
  const key = fc.tuple(start, fc.uint8Array({ maxLength: 20 })).map(([head, tail]) =>
    Uint8Array.from([...head, ...tail])
  );
  fc.assert(fc.property(key, key, (one, other) => {
    assertEquals(keyId(one) === keyId(other), one.toHex() === other.toHex());
  }));
});
