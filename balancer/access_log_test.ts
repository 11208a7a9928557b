import { assertEquals, assertThrows } from "@std/assert";
import { createAccessLog } from "./access_log.ts";
import { seededRandom } from "@flotilla/runtime";

Deno.test("createAccessLog() wants a sample of the requests, and every failure", () => {
  const log = createAccessLog({ sample: 0.1, random: seededRandom(1) });
  const wanted = Array.from({ length: 10_000 }, () => log.wants(200)).filter(Boolean).length;
  assertEquals(Math.round(wanted / 100), 10);
  assertEquals([500, 503].map((status) => log.wants(status)), [true, true]);
});

Deno.test("createAccessLog() wants only failures by default", () => {
  const log = createAccessLog();
  assertEquals([200, 404, 499, 502].map((status) => log.wants(status)), [false, false, false, true]);
});

Deno.test("createAccessLog() refuses a sample that is no share", () => {
  assertThrows(() => createAccessLog({ sample: 2 }), RangeError, "sample must be 0 to 1, got 2");
});
