import { assertEquals, assertLess, assertThrows } from "@std/assert";
import { readSlowStart, warmWeight } from "./slow_start.ts";
import { echo } from "./testing/fake_transport.ts";
import { testBalancer } from "./testing/test_balancer.ts";

Deno.test("warmWeight() grows in a straight line from the initial share to all of it", () => {
  const slowStart = readSlowStart({ window: 1_000, initial: 0.1 });
  const weights = [0, 50, 250, 500, 999, 1_000, 5_000].map((elapsed) => warmWeight(4, elapsed, slowStart));
  assertEquals(weights, [0.4, 0.4, 0.8, 2, 3.6, 4, 4]);
});

Deno.test("an upstream that comes back begins with a part of its share", async () => {
  let well = true;
  const checks = { a: () => new Response(null, { status: well ? 200 : 503 }) };
  await using test = await testBalancer({ a: echo, b: echo }, { checks, slowStart: { window: 10_000 } });
  const weight = () => test.balancer.snapshot().upstreams[0]?.effectiveWeight;
  await test.clock.advance(20_000);
  well = false;
  await test.clock.advance(1_000);
  well = true;
  await test.clock.advance(2_000);
  const sent = test.transport.sent.length;
  for (let i = 0; i < 22; i++) await (await test.send("/")).body?.cancel();
  assertLess(test.transport.sent.slice(sent).filter((id) => id === "a").length, 6);
  await test.clock.advance(10_000);
  assertEquals(weight(), 1);
});

Deno.test("upstreams that start together start level", async () => {
  let ready = false;
  const check = () => new Response(null, { status: ready ? 200 : 503 });
  await using test = await testBalancer({ a: echo, b: echo }, { checks: { b: check } });
  await test.clock.advance(5_000);
  ready = true;
  await test.clock.advance(1_200);
  assertEquals(test.balancer.snapshot().upstreams.map(({ effectiveWeight }) => effectiveWeight), [1, 1]);
});

Deno.test("readSlowStart() refuses options out of range", () => {
  assertThrows(() => readSlowStart({ window: -1 }), RangeError, "window must be at least 0 ms, got -1");
  assertThrows(() => readSlowStart({ initial: 0 }), RangeError, "initial must be above 0");
});
