import { assertEquals, assertMatch } from "@std/assert";
import { randomHex } from "./random_hex.ts";

Deno.test("randomHex() gives two digits a byte, and other ones each time", () => {
  const texts = Array.from({ length: 2_000 }, () => randomHex(8));
  for (const text of texts) assertMatch(text, /^[0-9a-f]{16}$/);
  assertEquals(new Set(texts).size, texts.length);
});
