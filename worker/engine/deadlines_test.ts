import { ManualClock } from "@flotilla/runtime/testing";
import { assertEquals } from "@std/assert";
import { Deadlines } from "./deadlines.ts";

Deno.test("Deadlines calls each in its time, but not what was withdrawn, and needs one timer", async () => {
  const clock = new ManualClock();
  using deadlines = new Deadlines(clock);
  const due: string[] = [];
  const add = (ms: number, name: string) => {
    return deadlines.add({ due: clock.now() + ms, onDue: () => void due.push(name) });
  };
  add(300, "c");
  const other = add(200, "never");
  add(100, "a");
  add(100, "b");
  assertEquals(clock.pending, 1);
  deadlines.delete(other);
  await clock.advance(99);
  assertEquals(due, []);
  await clock.advance(1);
  assertEquals(due.toSorted(), ["a", "b"]);
  await clock.advance(200);
  assertEquals([due.toSorted(), clock.pending], [["a", "b", "c"], 0]);
});

Deno.test("Deadlines calls again what is due again", async () => {
  const clock = new ManualClock();
  using deadlines = new Deadlines(clock);
  const times: number[] = [];
  const start = clock.now();
  const wait = {
    due: start + 50,
    onDue() {
      times.push(clock.now() - start);
      if (times.length === 1) this.due = start + 300;
    },
  };
  deadlines.add(wait);
  await clock.advance(1_000);
  assertEquals([times, clock.pending], [[50, 300], 0]);
});
