import { assertEquals, assertThrows } from "@std/assert";
import { firstTime, nextTime, RecurrenceError } from "./recurrence.ts";

const berlin = (cron: string) => ({ cron, time_zone: "Europe/Berlin" });

/** The next `count` times after `after`, each from the one before. */
function times(recurrence: Parameters<typeof nextTime>[0], after: string, count: number): string[] {
  const found: string[] = [];
  for (let due: number | undefined = Date.parse(after); found.length < count;) {
    due = nextTime(recurrence, due, due);
    if (due === undefined) break;
    found.push(new Date(due).toISOString());
  }
  return found;
}

Deno.test("nextTime() follows the clocks of the time zone: a skipped time comes at once after, a repeated one once", () => {
  assertEquals(times(berlin("30 2 * * *"), "2026-03-28T12:00:00Z", 2), [
    "2026-03-29T01:00:00.000Z",
    "2026-03-30T00:30:00.000Z",
  ]);
  assertEquals(times(berlin("30 2 * * *"), "2026-10-24T12:00:00Z", 2), [
    "2026-10-25T00:30:00.000Z",
    "2026-10-26T01:30:00.000Z",
  ]);
});

Deno.test("nextTime() takes patterns with seconds, and names such as @daily", () => {
  assertEquals(times({ cron: "*/20 * * * * *", time_zone: "UTC" }, "2026-01-01T00:00:01Z", 2), [
    "2026-01-01T00:00:20.000Z",
    "2026-01-01T00:00:40.000Z",
  ]);
  assertEquals(times({ cron: "@daily", time_zone: "UTC" }, "2026-01-01T00:00:00Z", 1), [
    "2026-01-02T00:00:00.000Z",
  ]);
});

Deno.test("nextTime() does not make up for times that were missed", () => {
  const hourly = { cron: "0 * * * *", time_zone: "UTC" };
  const [due, now] = [Date.parse("2026-01-01T00:00:00Z"), Date.parse("2026-01-03T10:20:00Z")];
  assertEquals(nextTime(hourly, due, now), Date.parse("2026-01-03T11:00:00Z"));
  assertEquals(nextTime({ every: 3_600 }, due, now), Date.parse("2026-01-03T11:00:00Z"));
});

Deno.test("nextTime() gives nothing for a pattern that never comes", () => {
  assertEquals(nextTime({ cron: "0 0 30 2 *", time_zone: "UTC" }, 0, 0), undefined);
});

Deno.test("firstTime() may be the very start", () => {
  const start = Date.parse("2026-01-01T00:00:00Z");
  assertEquals(firstTime({ cron: "0 0 * * *", time_zone: "UTC" }, start), start);
  assertEquals(firstTime({ every: 60 }, start), start);
});

Deno.test("nextTime() throws RecurrenceError for a pattern or a time zone that cannot be", () => {
  const bad = [
    { cron: "61 * * * *", time_zone: "UTC" },
    { cron: "often", time_zone: "UTC" },
    { cron: "0 0 1 1 * * 2027", time_zone: "UTC" },
    { cron: "* * * * *", time_zone: "Mars/Olympus" },
  ];
  for (const recurrence of bad) assertThrows(() => nextTime(recurrence, 0, 0), RecurrenceError);
});
