import { assertEquals, assertStringIncludes } from "@std/assert";
import { niceTop, svgChart } from "./svg_chart.ts";

Deno.test("niceTop() is the next of 1, 2, 5 and ten times them", () => {
  assertEquals([0, 1, 1.1, 3, 51, 100, 0.03].map(niceTop), [1, 1, 2, 5, 100, 100, 0.05]);
});

Deno.test("svgChart() draws higher values higher, and layers upon each other", () => {
  const series = [{ name: "a", values: [0, 10] }, { name: "b", values: [10, 0] }];
  assertStringIncludes(svgChart({ title: "t", series }), 'points="225,172 547,12"');
  const layers = svgChart({ title: "t", series, kind: "layers", top: 10 });
  assertStringIncludes(layers, 'points="225,12 547,12 547,12 225,172"');
});
