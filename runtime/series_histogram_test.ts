import { assertEquals } from "@std/assert";
import { Histogram, Registry } from "prom-client";
import { SeriesHistogram } from "./series_histogram.ts";

const OPTIONS = {
  name: "seconds",
  help: "How long it took",
  labelNames: ["route", "status"] as const,
  buckets: [0.1, 1, 10],
};

Deno.test("SeriesHistogram prints what a Histogram of prom-client prints", async () => {
  const [plain, quick] = [new Registry(), new Registry()];
  const expected = new Histogram({ ...OPTIONS, registers: [plain] });
  const histogram = new SeriesHistogram(OPTIONS);
  quick.registerMetric(histogram);
  for (const labels of [{ route: "/a", status: "2xx" }, { route: "/b", status: "5xx" }]) {
    const observe = histogram.series(labels);
    for (const value of [0.05, 0.1, 0.5, 3, 100]) {
      observe(value);
      expected.observe(labels, value);
    }
  }
  assertEquals(await quick.metrics(), await plain.metrics());
});
