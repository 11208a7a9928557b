import { assertEquals, assertThrows } from "@std/assert";
import { ManualClock } from "@flotilla/runtime/testing";
import { Deadlines } from "./deadlines.ts";

Deno.test("Deadlines expires what is overdue, once", async () => {
  const clock = new ManualClock();
  using deadlines = new Deadlines({ clock });
  let expired = 0;
  const timed = { deadline: clock.now() + 250, expire: () => expired++ };
  deadlines.watch(timed);
  await clock.advance(200);
  assertEquals(expired, 0);
  await clock.advance(200);
  assertEquals(expired, 1);
  await clock.advance(1_000);
  assertEquals(expired, 1);
});

Deno.test("Deadlines runs no timer when it watches nothing", async () => {
  const clock = new ManualClock();
  using deadlines = new Deadlines({ clock });
  const timed = { deadline: Infinity, expire: () => {} };
  assertEquals(clock.pending, 0);
  deadlines.watch(timed);
  await clock.advance(1_000);
  assertEquals(clock.pending, 1);
  deadlines.unwatch(timed);
  assertEquals(clock.pending, 0);
});

Deno.test("Deadlines.now is no old time when nothing was watched for long", async () => {
  const clock = new ManualClock();
  using deadlines = new Deadlines({ clock });
  await clock.advance(60_000);
  let expired = false;
  const timed = { deadline: deadlines.now + 1_000, expire: () => expired = true };
  deadlines.watch(timed);
  await clock.advance(500);
  assertEquals(expired, false);
  await clock.advance(600);
  assertEquals(expired, true);
});

Deno.test("Deadlines keeps on when what expires is taken out or put in meanwhile", async () => {
  const clock = new ManualClock();
  using deadlines = new Deadlines({ clock });
  const expired: string[] = [];
  const second = { deadline: clock.now() + 500, expire: () => expired.push("second") };
  const first = {
    deadline: clock.now() + 50,
    expire: () => {
      expired.push("first");
      deadlines.unwatch(first);
      deadlines.watch(second);
    },
  };
  deadlines.watch(first);
  await clock.advance(1_000);
  assertEquals(expired, ["first", "second"]);
  assertEquals(clock.pending, 1);
});

Deno.test("Deadlines lets what came while the process stood still be heard before anything expires", async () => {
  const clock = new ManualClock();
  using deadlines = new Deadlines({ clock });
  let expired = 0;
  const timed = { deadline: clock.now() + 250, expire: () => expired++ };
  deadlines.watch(timed);
  await clock.advance(200);
  clock.jump(5_000);
  await clock.advance(0);
  assertEquals([expired, timed.deadline], [0, clock.now() - 4_950]);
  await clock.advance(100);
  assertEquals(expired, 1);
});

Deno.test("Deadlines throws RangeError for an interval that is not positive", () => {
  assertThrows(() => new Deadlines({ interval: 0 }), RangeError, "interval must be above 0 ms, got 0");
});
