import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { RequestIds } from "./request_id.ts";

Deno.test("RequestIds.next() counts in hexadecimal digits, with carry and around", () => {
  const next = (start: string) => new TextDecoder().decode(new RequestIds(start).next());
  assertEquals(next("00000000000000000000000000000008"), "00000000000000000000000000000009");
  assertEquals(next("00000000000000000000000000000009"), "0000000000000000000000000000000a");
  assertEquals(next("000000000000000000000000000009ff"), "00000000000000000000000000000a00");
  assertEquals(next("ffffffffffffffffffffffffffffffff"), "00000000000000000000000000000000");
});

Deno.test("RequestIds begins at random, and gives no id twice", () => {
  const ids = new RequestIds();
  const seen = new Set(Array.from({ length: 1_000 }, () => new TextDecoder().decode(ids.next())));
  assertEquals(seen.size, 1_000);
  const other = new TextDecoder().decode(new RequestIds().next());
  assertMatch(other, /^[0-9a-f]{32}$/);
  assertNotEquals([...seen].at(-1)?.slice(0, 16), other.slice(0, 16));
});
