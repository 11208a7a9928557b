import { ManualClock } from "@flotilla/runtime/testing";
import { assertEquals } from "@std/assert";
import { Deadlines } from "./deadlines.ts";

Deno.test("Deadlines calls back each in its time, but not what was disposed of, and needs one timer", async () => {
  const clock = new ManualClock();
  using deadlines = new Deadlines(clock);
  const due: string[] = [];
  const add = (ms: number, name: string) => deadlines.add(ms, () => due.push(name));
  add(300, "c");
  const other = add(200, "never");
  add(100, "a");
  add(100, "b");
  assertEquals(clock.pending, 1);
  other[Symbol.dispose]();
  await clock.advance(99);
  assertEquals(due, []);
  await clock.advance(1);
  assertEquals(due, ["a", "b"]);
  await clock.advance(200);
  assertEquals([due, clock.pending], [["a", "b", "c"], 0]);
});
