import { ManualClock } from "./manual_clock.ts";
import { assertEquals, assertRejects } from "@std/assert";
import { recentSuccess } from "./recent_success.ts";

Deno.test("recentSuccess() checks again after five seconds, and after a failure at once", async () => {
  const clock = new ManualClock();
  let [checks, away] = [0, false];
  const check = recentSuccess(() => {
    checks++;
    return away ? Promise.reject(new Error("away")) : Promise.resolve();
  }, { clock });
  await check();
  await check();
  await clock.advance(4_999);
  await check();
  assertEquals(checks, 1);
  away = true;
  await clock.advance(1);
  await assertRejects(check, Error, "away");
  await assertRejects(check, Error, "away");
  assertEquals(checks, 3);
  away = false;
  await check();
  await check();
  assertEquals(checks, 4);
});
