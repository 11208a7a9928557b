import { assert, assertEquals, assertThrows } from "@std/assert";
import { array, assert as check, constantFrom, double, integer, property } from "fast-check";
import { Histogram, LARGEST } from "./histogram.ts";

Deno.test("Histogram.quantile() is never too low, and too high by less than its digits promise", () => {
  check(property(
    array(integer({ min: 0, max: LARGEST }), { minLength: 1, maxLength: 200 }),
    double({ min: 0, max: 1, noNaN: true }),
    constantFrom(1, 2, 3, 4),
    (values, share, digits) => {
      const histogram = new Histogram({ digits });
      for (const value of values) histogram.record(value);
      const exact = values.toSorted((a, b) => a - b)[Math.max(1, Math.ceil(share * values.length)) - 1] ?? -1;
      const told = histogram.quantile(share);
      assert(told >= exact, `${told} for ${exact}`);
      assert(told - exact <= exact * 10 ** -digits, `${told} for ${exact}`);
    },
  ));
});

Deno.test("Histogram.quantile() is exact for values below its buckets' count, and at both ends", () => {
  check(property(array(integer({ min: 0, max: 1_000 }), { minLength: 1 }), (values) => {
    const histogram = new Histogram();
    for (const value of values) histogram.record(value);
    assertEquals(histogram.quantile(1), Math.max(...values));
    assertEquals(histogram.quantile(0), Math.min(...values));
    assertEquals([histogram.min, histogram.max], [Math.min(...values), Math.max(...values)]);
  }));
});

Deno.test("Histogram counts, and averages without error", () => {
  const histogram = new Histogram({ digits: 1 });
  for (const value of [1_001, 2_003, 3_005]) histogram.record(value);
  assertEquals([histogram.count, histogram.mean], [3, 2_003]);
});

Deno.test("Histogram takes what is out of its range for the nearest value in it", () => {
  const histogram = new Histogram();
  histogram.record(-5);
  histogram.record(2 ** 40);
  assertEquals([histogram.min, histogram.max, histogram.quantile(1)], [0, LARGEST, LARGEST]);
});

Deno.test("Histogram is 0 throughout while it is empty", () => {
  const { count, min, max, mean } = new Histogram();
  assertEquals([count, min, max, mean, new Histogram().quantile(0.99)], [0, 0, 0, 0, 0]);
});

Deno.test("Histogram throws RangeError for digits that it cannot keep", () => {
  assertThrows(
    () => new Histogram({ digits: 5 }),
    RangeError,
    "digits must be an integer from 1 to 4, got 5",
  );
});
