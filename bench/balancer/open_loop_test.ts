import { assertEquals } from "@std/assert";
import { percentile, sumUp } from "./open_loop.ts";

Deno.test("percentile() takes the nearest rank", () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
  assertEquals([percentile(hundred, 0.5), percentile(hundred, 0.99), percentile(hundred, 1)], [50, 99, 100]);
  assertEquals([percentile([7], 0.99), percentile([], 0.99)], [7, 0]);
});

Deno.test("sumUp() counts what was due in the span, and as failed what had no answer or a 5xx", () => {
  const samples = [
    { due: 0, latency: 9, status: 500 },
    { due: 10, latency: 1, status: 200 },
    { due: 11, latency: 2, status: 0 },
    { due: 12, latency: 3, status: 404 },
    { due: 20, latency: 9, status: 503 },
  ];
  assertEquals(sumUp(samples, 10, 20), { requests: 3, failed: 1, p50: 2, p99: 3 });
});
