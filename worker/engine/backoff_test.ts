import { assert, assertEquals, assertThrows } from "@std/assert";
import { backoff } from "./backoff.ts";

Deno.test("backoff() doubles the longest wait up to the cap, and waits anywhere between nothing and that", () => {
  const longest = [1, 2, 3, 10].map((failures) =>
    backoff(failures, { base: 1_000, cap: 60_000, random: () => 0.999_999 })
  );
  assertEquals(longest, [999, 1_999, 3_999, 59_999]);
  assertEquals(backoff(3, { random: () => 0 }), 0);
  const waits = Array.from({ length: 1_000 }, () => backoff(4, { base: 1_000, cap: 60_000 }));
  assert(waits.some((wait) => wait < 2_000) && waits.some((wait) => wait > 6_000), "they are spread");
  assert(waits.every((wait) => wait >= 0 && wait < 8_000));
});

Deno.test("backoff() refuses to count from nothing", () => {
  assertThrows(() => backoff(0), RangeError, "got 0");
});
