import { assertEquals, assertThrows } from "@std/assert";
import { History } from "./history.ts";

Deno.test("History keeps the newest points, no more than its capacity", () => {
  const history = new History({ capacity: 3, span: 1_000 });
  for (const time of [1, 2, 3, 4, 5]) history.add(time, new Map([["rps", time * 10]]));
  assertEquals(history.columns(5), { times: [3, 4, 5], series: { rps: [30, 40, 50] } });
});

Deno.test("History leaves out what is older than its span", () => {
  const history = new History({ span: 10 });
  history.add(0, new Map([["rps", 1]]));
  history.add(20, new Map([["rps", 2]]));
  assertEquals(history.columns(20).times, [20]);
});

Deno.test("History has a gap where a series is missing, and drops one that is in no point any more", () => {
  const history = new History({ capacity: 2 });
  history.add(1, new Map([["a", 1], ["b", 1]]));
  history.add(2, new Map([["a", 2]]));
  assertEquals(history.columns(2).series["b"], [1, null]);
  history.add(3, new Map([["a", 3]]));
  assertEquals(Object.keys(history.columns(3).series), ["a"]);
});

Deno.test("History refuses a capacity that is none", () => {
  assertThrows(() => new History({ capacity: 0 }), RangeError, "capacity");
});
