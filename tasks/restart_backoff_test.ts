import { assertEquals, assertThrows } from "@std/assert";
import { RestartBackoff } from "./restart_backoff.ts";

Deno.test("RestartBackoff doubles from 100 ms to 10 s", () => {
  const backoff = new RestartBackoff();
  const delays = Array.from({ length: 9 }, () => backoff.delayAfter(1_000));
  assertEquals(delays, [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
});

Deno.test("RestartBackoff begins again after the process ran 30 s", () => {
  const backoff = new RestartBackoff();
  for (let death = 0; death < 5; death++) backoff.delayAfter(29_999);
  assertEquals(backoff.delayAfter(30_000), 100);
});

Deno.test("RestartBackoff refuses delays that cannot be", () => {
  assertThrows(() => new RestartBackoff({ initial: 0 }), RangeError, "initial");
  assertThrows(() => new RestartBackoff({ initial: 10, max: 5 }), RangeError, "max");
});
