import { ManualClock } from "@flotilla/runtime/testing";
import { assertEquals } from "@std/assert";
import { Pace } from "./pace.ts";

Deno.test("Pace.turn() lets a burst pass and then one turn in each interval", () => {
  const clock = new ManualClock();
  const pace = new Pace({ perSecond: 100, burst: 3, clock });
  assertEquals(Array.from({ length: 5 }, () => pace.turn()), [0, 0, 0, 10, 20]);
});

Deno.test("Pace.turn() forgets what is long past, and saves up no more than a burst", () => {
  const clock = new ManualClock();
  const pace = new Pace({ perSecond: 100, burst: 2, clock });
  for (let turn = 0; turn < 4; turn++) pace.turn();
  clock.jump(60_000);
  assertEquals(Array.from({ length: 3 }, () => pace.turn()), [0, 0, 10]);
});
