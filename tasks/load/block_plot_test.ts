import { assertEquals } from "@std/assert";
import { blockPlot, sparkline } from "./block_plot.ts";

Deno.test("blockPlot() draws columns to an eighth of a line, with an axis", () => {
  assertEquals(blockPlot([0, 1, 4, 8, 16], { height: 2 }), [
    "16 ┤    █",
    " 0 ┤ ▁▄██",
  ]);
});

Deno.test("blockPlot() keeps the largest of neighbours that share a column", () => {
  assertEquals(blockPlot([0, 9, 0, 0, 0, 0], { height: 1, width: 3 }), ["9 ┤█"]);
});

Deno.test("sparkline() shows the least that there is, and nothing where there is nothing", () => {
  assertEquals(sparkline([0, 0.001, 0.5, 1], { top: 1 }), " ▁▄█");
  assertEquals(sparkline([0, 0]), "  ");
  assertEquals(sparkline([]), "");
});
