import { ManualClock } from "@flotilla/runtime/testing";
import { assertEquals, assertRejects } from "@std/assert";
import { type QueueCounts, sharedQueueCounts } from "./queue_counts.ts";

const NONE: QueueCounts = {
  scheduled: 0,
  queued: 0,
  running: 0,
  retrying: 0,
  succeeded: 0,
  failed: 0,
  cancelled: 0,
};

Deno.test("sharedQueueCounts() reads once for all who look within two seconds", async () => {
  const clock = new ManualClock();
  let reads = 0;
  const counts = sharedQueueCounts(() => Promise.resolve({ ...NONE, queued: ++reads }), { clock });
  assertEquals([(await counts()).queued, (await counts()).queued], [1, 1]);
  await clock.advance(2_000);
  assertEquals((await counts()).queued, 2);
});

Deno.test("sharedQueueCounts() does not keep a failure", async () => {
  const clock = new ManualClock();
  let reads = 0;
  const read = () => ++reads === 1 ? Promise.reject(new Error("away")) : Promise.resolve(NONE);
  const counts = sharedQueueCounts(read, { clock });
  await assertRejects(counts, Error, "away");
  assertEquals(await counts(), NONE);
});
