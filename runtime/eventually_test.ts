import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { eventually } from "./eventually.ts";

Deno.test("eventually() looks until the condition answers something, and gives it back", async () => {
  let looks = 0;
  assertEquals(await eventually(() => ++looks === 3 && "third", { interval: 0 }), "third");
  assertEquals(looks, 3);
});

Deno.test("eventually() takes a condition that throws for one that has not come true", async () => {
  let looks = 0;
  const value = await eventually(() => {
    if (++looks < 3) throw new Error("not yet");
    return 0;
  }, { interval: 0 });
  assertEquals([value, looks], [0, 3]);
});

Deno.test("eventually() throws what the condition threw last when the time is over", async () => {
  const failing = () => {
    throw new RangeError("never");
  };
  const waiting = () => eventually(failing, { timeout: 5, interval: 1, what: "a miracle" });
  const { cause } = await assertRejects(waiting, Error, "Waited 5 ms in vain for a miracle");
  assertInstanceOf(cause, RangeError);
});

Deno.test("eventually() gives up when what it waits for has ended, and not without a last look", async () => {
  for (const end of [() => Promise.resolve(), () => Promise.reject(new Error("ended"))]) {
    await assertRejects(
      () => eventually(() => false, { unless: end(), what: "an answer" }),
      Error,
      "never be an answer",
    );
  }
  let ended = false;
  const ending = Promise.resolve().then(() => ended = true);
  assertEquals(await eventually(() => ended, { unless: ending }), true);
});
