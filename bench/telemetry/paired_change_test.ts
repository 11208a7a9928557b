import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { middle, pairedChange } from "./paired_change.ts";

Deno.test("pairedChange() is the middle of what pairs changed, whatever the figures of other pairs", () => {
  const pairs = [[100, 98], [1_000, 990], [50, 48], [10, 9.7]].map(([without = 0, rate = 0]) => ({
    without,
    with: rate,
  }));
  const { median, error, pairs: count } = pairedChange(pairs);
  assertAlmostEquals(median, -0.025);
  assertEquals([count, error > 0, error < 0.05], [4, true, true]);
});

Deno.test("pairedChange() is sure of what never varies, and above 0 when there is more", () => {
  const { median, error } = pairedChange([{ without: 100, with: 101 }, { without: 200, with: 202 }]);
  assertAlmostEquals(median, 0.01);
  assertAlmostEquals(error, 0);
});

Deno.test("pairedChange() throws RangeError without a pair", () => {
  assertThrows(() => pairedChange([]), RangeError, "there is no pair");
});

Deno.test("middle() is the median, between two where there are as many above as below", () => {
  assertEquals([middle([3, 1, 2]), middle([4, 1, 3, 2]), middle([])], [2, 2.5, NaN]);
});
