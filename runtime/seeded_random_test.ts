import { assertEquals } from "@std/assert";
import { seededRandom } from "./seeded_random.ts";

Deno.test("seededRandom() gives the same numbers for the same seed, and others for another", () => {
  const three = (seed: number) => Array.from({ length: 3 }, seededRandom(seed));
  assertEquals(three(7), three(7));
  assertEquals(three(7).some((value, index) => value === three(8)[index]), false);
});
