import { assertEquals, assertRejects } from "@std/assert";
import { sleep } from "./clock.ts";
import { ManualClock } from "./manual_clock.ts";

Deno.test("ManualClock.advance() fires timers in order of their due time, then of their making", async () => {
  const clock = new ManualClock(0);
  const fired: string[] = [];
  clock.setTimeout(() => fired.push(`late at ${clock.now()}`), 20);
  clock.setTimeout(() => fired.push(`first at ${clock.now()}`), 10);
  clock.setTimeout(() => fired.push(`second at ${clock.now()}`), 10);
  await clock.advance(20);
  assertEquals(fired, ["first at 10", "second at 10", "late at 20"]);
});

Deno.test("ManualClock.advance() fires a timer that another one started on the way", async () => {
  const clock = new ManualClock(0);
  let done = 0;
  clock.setTimeout(() => clock.setTimeout(() => done = clock.now(), 5), 5);
  await clock.advance(10);
  assertEquals(done, 10);
});

Deno.test("ManualClock.advance() lets long chains of promises settle, each time", async () => {
  const clock = new ManualClock();
  for (let round = 0; round < 3; round++) {
    let links = 0;
    void (async () => {
      while (links < 100) links = await Promise.resolve(links + 1);
    })();
    await clock.advance(0);
    assertEquals(links, 100);
  }
});

Deno.test("ManualClock.setTimeout() can be cancelled", async () => {
  const clock = new ManualClock();
  let fired = false;
  clock.setTimeout(() => fired = true, 5).cancel();
  await clock.advance(10);
  assertEquals([fired, clock.pending], [false, 0]);
});

Deno.test("sleep() rejects with the signal's reason and leaves no timer", async () => {
  const clock = new ManualClock();
  const controller = new AbortController();
  const slept = sleep(1_000, { clock, signal: controller.signal });
  controller.abort(new Error("enough"));
  await assertRejects(() => slept, Error, "enough");
  assertEquals(clock.pending, 0);
});
