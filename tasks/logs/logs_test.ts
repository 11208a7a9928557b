import { assertEquals } from "@std/assert";
import { stripAnsiCode } from "@std/fmt/colors";
import { array, assert as check, asyncProperty, integer } from "fast-check";
import { createEntryReader } from "./log_entry.ts";
import { logFilter } from "./log_filter.ts";
import { createLogView } from "./log_view.ts";
import { mergeByTime } from "./merge.ts";

const LINE =
  '{"time":"2026-11-24T00:46:23.812Z","level":"warning","instance":"x","message":"hot","request_id":"r1"}';

async function* iterate<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* values;
}

Deno.test("mergeByTime() is a stable sort of all that it is given", async () => {
  await check(asyncProperty(array(array(integer({ min: 0, max: 20 }))), async (times) => {
    const sequences = times.map((sequence, from) =>
      sequence.toSorted((a, b) => a - b).map((time, index) => ({ time, from, index }))
    );
    const merged = await Array.fromAsync(mergeByTime(sequences.map(iterate)));
    assertEquals(merged, sequences.flat().sort((a, b) => a.time - b.time));
  }));
});

Deno.test("createEntryReader() gives a line without a time the time of the one before it", () => {
  const read = createEntryReader("service_1");
  const [record, plain] = [read(LINE), read("error: Uncaught TypeError")];
  assertEquals([record.level, record.text, record.requestId, record.instance], [
    "warning",
    "hot",
    "r1",
    "service_1",
  ]);
  assertEquals([plain.level, plain.time, plain.requestId], ["error", record.time, undefined]);
});

Deno.test("logFilter() shows what fits all that was asked for", () => {
  const entry = createEntryReader("service_1")(LINE);
  assertEquals(logFilter({})(entry), true);
  assertEquals([logFilter({ level: "warning" })(entry), logFilter({ level: "error" })(entry)], [true, false]);
  assertEquals([logFilter({ request: "r1" })(entry), logFilter({ request: "r2" })(entry)], [true, false]);
  const named = (...instances: string[]) => logFilter({ instances })(entry);
  assertEquals([named("service_1"), named("service"), named("service_2"), named("serv")], [
    true,
    true,
    false,
    false,
  ]);
});

Deno.test("createLogView() writes time, instance, level, text and request in columns", () => {
  const view = createLogView(["service_1", "load_balancer"]);
  const entry = createEntryReader("service_1")(LINE);
  assertEquals(stripAnsiCode(view(entry)), "00:46:23.812 service_1     warning hot [r1]");
});
