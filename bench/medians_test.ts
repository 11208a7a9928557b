import { assertEquals } from "@std/assert";
import { medians } from "./medians.ts";

Deno.test("medians() takes the reading with the middle rate of each group", () => {
  const reading = (name: string, requestsPerSecond: number) => ({ name, requestsPerSecond });
  const readings = [reading("a", 3), reading("b", 9), reading("a", 1), reading("a", 2), reading("b", 8)];
  assertEquals(medians(readings, ({ name }) => name), [reading("a", 2), reading("b", 8)]);
});
