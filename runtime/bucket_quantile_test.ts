import { assertEquals } from "@std/assert";
import { bucketQuantile } from "./bucket_quantile.ts";

Deno.test("bucketQuantile() spreads evenly within a bucket, and cannot tell beyond the last bound", () => {
  const buckets = new Map([[1, 0], [2, 10], [Infinity, 11]]);
  assertEquals(bucketQuantile(buckets, 5 / 11), 1.5);
  assertEquals(bucketQuantile(buckets, 1), 2);
  assertEquals([bucketQuantile(new Map(), 0.5), bucketQuantile(new Map([[1, 0]]), 0.5)], [
    undefined,
    undefined,
  ]);
});
