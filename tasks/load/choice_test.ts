import { assertEquals, assertThrows } from "@std/assert";
import { array, assert as check, integer, property } from "fast-check";
import { weightedDraw, zipfWeights } from "./choice.ts";

Deno.test("weightedDraw() draws what a walk over the weights would find, and never a weight of 0", () => {
  check(property(
    array(integer({ min: 0, max: 5 }), { minLength: 1 }).filter((weights) => weights.some((it) => it > 0)),
    integer({ min: 0, max: 999 }),
    (weights, thousandths) => {
      const point = thousandths / 1_000 * weights.reduce((sum, weight) => sum + weight, 0);
      let walked = 0;
      for (let sum = weights[0] ?? 0; sum <= point; sum += weights[walked] ?? 0) walked++;
      const drawn = weightedDraw(weights, () => thousandths / 1_000)();
      assertEquals(drawn, walked);
    },
  ));
});

Deno.test("weightedDraw() throws RangeError when nothing can be drawn", () => {
  assertThrows(() => weightedDraw([0, 0], Math.random), RangeError, "more than 0, got 0");
  assertThrows(() => weightedDraw([], Math.random), RangeError);
  assertThrows(() => weightedDraw([2, -1], Math.random), RangeError, "0 or more, got -1");
});

Deno.test("zipfWeights() makes the n-th a fraction as popular as the first", () => {
  assertEquals(zipfWeights(4, 1), [1, 1 / 2, 1 / 3, 1 / 4]);
  assertEquals(zipfWeights(3, 0), [1, 1, 1]);
});
