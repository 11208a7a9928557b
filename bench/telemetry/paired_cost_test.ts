import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { pairedCost } from "./paired_cost.ts";

Deno.test("pairedCost() is the middle of what pairs lost, whatever the rates of other pairs", () => {
  const pairs = [[100, 98], [1_000, 990], [50, 48], [10, 9.7]].map(([without = 0, rate = 0]) => ({
    without,
    with: rate,
  }));
  const { median, quartiles, pairs: count } = pairedCost(pairs);
  assertAlmostEquals(median, 0.025);
  assertEquals([count, quartiles[0] < median, median < quartiles[1]], [4, true, true]);
});

Deno.test("pairedCost() is sure of what never varies, and below 0 when something was won", () => {
  const { median, error } = pairedCost([{ without: 100, with: 101 }, { without: 200, with: 202 }]);
  assertAlmostEquals(median, -0.01);
  assertAlmostEquals(error, 0);
});

Deno.test("pairedCost() throws RangeError without a pair", () => {
  assertThrows(() => pairedCost([]), RangeError, "there is no pair");
});
