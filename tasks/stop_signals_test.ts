import { ManualClock } from "@flotilla/runtime/testing";
import { assertEquals } from "@std/assert";
import { createStopCounter } from "./stop_signals.ts";

function setup() {
  const clock = new ManualClock();
  const { asked, insisted, count } = createStopCounter(clock);
  const seen: string[] = [];
  void asked.then(() => seen.push("asked"));
  void insisted.then(() => seen.push("insisted"));
  return { clock, count, seen };
}

Deno.test("createStopCounter() takes signals that come together for one", async () => {
  const { clock, count, seen } = setup();
  for (const pause of [0, 10, 400]) {
    await clock.advance(pause);
    count();
  }
  await clock.advance(10_000);
  assertEquals(seen, ["asked"]);
});

Deno.test("createStopCounter() tells a second signal from the first", async () => {
  const { clock, count, seen } = setup();
  count();
  await clock.advance(501);
  count();
  await clock.advance(0);
  assertEquals(seen, ["asked", "insisted"]);
});
