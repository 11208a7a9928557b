import { assertEquals } from "@std/assert";
import { ticksOf } from "./processor_time.ts";

Deno.test("ticksOf() adds the time of user and system, whatever the program is called", () => {
  assertEquals(ticksOf("7 (a) b (c) S 1 7 7 0 -1 4194304 9 0 0 0 120 34 5 6 20 0 11 0 99"), 154);
});
