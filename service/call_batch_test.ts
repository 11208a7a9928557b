import { assertEquals, assertRejects } from "@std/assert";
import { CallBatch } from "./call_batch.ts";

function doubling(max: number) {
  const calls: number[][] = [];
  const batch = new CallBatch<number, number>(max, (items) => {
    calls.push([...items]);
    return Promise.resolve(items.map((item) => 2 * item));
  });
  return { calls, batch };
}

Deno.test("CallBatch.add() makes one call of what comes in one turn, and gives each its own outcome", async () => {
  const { calls, batch } = doubling(10);
  assertEquals(await Promise.all([1, 2, 3].map((item) => batch.add(item))), [2, 4, 6]);
  assertEquals(await batch.add(4), 8);
  assertEquals(calls, [[1, 2, 3], [4]]);
});

Deno.test("CallBatch.add() makes calls of no more than so many items", async () => {
  const { calls, batch } = doubling(2);
  assertEquals(await Promise.all([1, 2, 3].map((item) => batch.add(item))), [2, 4, 6]);
  assertEquals(calls, [[1, 2], [3]]);
});

Deno.test("CallBatch.add() rejects with the error of the call, and goes on with the next", async () => {
  let broken = true;
  const batch = new CallBatch<number, number>(10, (items) => {
    return broken ? Promise.reject(new Error("broken")) : Promise.resolve(items);
  });
  await assertRejects(() => Promise.all([batch.add(1), batch.add(2)]), Error, "broken");
  broken = false;
  assertEquals(await batch.add(3), 3);
});
