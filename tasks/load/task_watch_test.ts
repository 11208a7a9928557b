import { ManualClock } from "@flotilla/runtime/testing";
import { assertEquals } from "@std/assert";
import { untilSettled } from "./task_watch.ts";

Deno.test("untilSettled() asks again until every task is over, and not for those that are", async () => {
  const clock = new ManualClock();
  const asked: string[] = [];
  const read = (path: string) => {
    asked.push(path);
    if (path === "/longtask/a") return Promise.resolve({ status: "succeeded" });
    if (asked.length < 3) return Promise.reject(new TypeError("no answer"));
    return Promise.resolve({ status: asked.length < 4 ? "running" : "failed" });
  };
  const settled = untilSettled({ read }, ["a", "b"], { clock, interval: 100 });
  await clock.advance(200);
  assertEquals(await settled, { started: 2, statuses: { succeeded: 1, failed: 1 }, settledAfter: 0.2 });
  assertEquals(asked, ["/longtask/a", "/longtask/b", "/longtask/b", "/longtask/b"]);
});

Deno.test("untilSettled() tells what it saw last when its patience is over", async () => {
  const clock = new ManualClock();
  const read = () => Promise.resolve({ status: "running" });
  const settled = untilSettled({ read }, ["a"], { clock, patience: 1_000 });
  await clock.advance(1_000);
  assertEquals(await settled, { started: 1, statuses: { running: 1 }, settledAfter: undefined });
});
