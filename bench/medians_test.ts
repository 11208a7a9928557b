import { assertEquals } from "@std/assert";
import { medians } from "./medians.ts";

Deno.test("medians() takes the reading with the middle rate of each group", () => {
  const reading = (name: string, requestsPerSecond: number) => ({ name, requestsPerSecond });
  const readings = [reading("a", 3), reading("b", 9), reading("a", 1), reading("a", 2), reading("b", 8)];
  assertEquals(medians(readings, ({ name }) => name), [reading("a", 2), reading("b", 8)]);
});

Deno.test("medians() takes the reading in the middle by what it is told", () => {
  const reading = (p99: number, requestsPerSecond: number) => ({ p99, requestsPerSecond });
  const readings = [reading(3, 1), reading(1, 2), reading(2, 3)];
  assertEquals(medians(readings, () => "a", ({ p99 }) => p99), [reading(2, 3)]);
});
