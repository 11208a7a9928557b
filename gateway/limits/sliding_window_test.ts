import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { availableAt, availableFrom, UNUSED, type Usage, usageAt } from "./sliding_window.ts";

const policy = { name: "test", quota: 100, window: 60_000 };
const MINUTE = 60_000;

Deno.test("availableAt() is the quota at first, and what is left of it within a window", () => {
  assertEquals(availableAt(UNUSED, 10 * MINUTE, policy), 100);
  assertEquals(availableAt({ index: 10, current: 30, previous: 0 }, 10 * MINUTE + 5, policy), 70);
});

Deno.test("availableAt() counts the window before by the share that still slides over it", () => {
  const usage: Usage = { index: 10, current: 0, previous: 100 };
  assertEquals(availableAt(usage, 10 * MINUTE, policy), 0);
  assertEquals(availableAt(usage, 10 * MINUTE + MINUTE / 4, policy), 25);
  assertEquals(availableAt(usage, 11 * MINUTE, policy), 100);
});

Deno.test("usageAt() moves on by whole windows, and never back", () => {
  const usage: Usage = { index: 10, current: 7, previous: 3 };
  assertEquals(usageAt(usage, 11 * MINUTE, policy), { index: 11, current: 0, previous: 7 });
  assertEquals(usageAt(usage, 12 * MINUTE, policy), { index: 12, current: 0, previous: 0 });
  assertEquals(usageAt(usage, 9 * MINUTE, policy), usage);
});

Deno.test("availableFrom() tells the time from which that many are available, and not before", () => {
  const usages = fc.record({
    index: fc.constant(10),
    current: fc.integer({ min: 0, max: 100 }),
    previous: fc.integer({ min: 0, max: 100 }),
  });
  fc.assert(fc.property(
    usages,
    fc.integer({ min: 0, max: MINUTE - 1 }),
    fc.integer({ min: 1, max: 100 }),
    (usage, offset, count) => {
      const now = 10 * MINUTE + offset;
      const from = availableFrom(usage, now, { policy, count });
      assert(availableAt(usage, from + 1, policy) >= count);
      assert(from === now || availableAt(usage, from - 1, policy) < count);
    },
  ));
});
