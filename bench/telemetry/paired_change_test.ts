import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { meanOf, type Pair, pairedChange, pairedDifference } from "./paired_change.ts";

const pairs = (...figures: readonly (readonly [number, number])[]): Pair[] =>
  figures.map(([without, given]) => ({ without, with: given }));

Deno.test("pairedChange() is the mean of what pairs changed, whatever the figures of other pairs", () => {
  const { mean, error } = pairedChange(pairs([100, 101], [1_000, 1_010], [10, 10.1]));
  assertAlmostEquals(mean, 0.01);
  assertAlmostEquals(error, 0);
});

Deno.test("pairedChange() is nothing when figures double as often as they halve", () => {
  assertAlmostEquals(pairedChange(pairs([1, 2], [2, 1])).mean, 0);
});

Deno.test("pairedDifference() is in the unit of the figures, with the standard error of the mean", () => {
  const { mean, error } = pairedDifference(pairs([10, 12], [20, 24], [30, 36]));
  assertEquals(mean, 4);
  assertAlmostEquals(error, 2 / Math.sqrt(3));
});

Deno.test("pairedDifference() and pairedChange() throw RangeError without a pair, and know no error of a single one", () => {
  for (const compare of [pairedChange, pairedDifference]) {
    assertThrows(() => compare([]), RangeError, "there is no pair");
    assertEquals(compare(pairs([1, 1])).error, NaN);
  }
});

Deno.test("meanOf() is NaN of nothing", () => {
  assertEquals([meanOf([1, 3]), meanOf([])], [2, NaN]);
});
