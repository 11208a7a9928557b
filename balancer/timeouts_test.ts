import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { sleep } from "@flotilla/runtime";
import { ManualClock } from "@flotilla/runtime/testing";
import { silent } from "./testing/fake_transport.ts";
import { testBalancer } from "./testing/test_balancer.ts";
import { readTimeouts } from "./timeouts.ts";

/** An answer of which one piece comes every `interval` milliseconds. */
function dripping(clock: ManualClock, interval: number): Response {
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      await sleep(interval, { clock });
      if (controller.desiredSize !== null) controller.enqueue(new Uint8Array(1));
    },
  }, { highWaterMark: 0 });
  return new Response(body);
}

Deno.test("fetch() answers 504 when no answer begins within the first-byte time-out", async () => {
  await using test = await testBalancer({ a: silent }, { timeouts: { firstByte: 1_000 } });
  const answer = test.send("/", { method: "POST" });
  await test.clock.advance(1_000);
  assertEquals((await answer).status, 504);
  assertEquals(test.balancer.snapshot().upstreams[0]?.failures, { first_byte_timeout: 1 });
});

Deno.test("fetch() counts the first-byte time-out from the last piece of the request's body", async () => {
  await using test = await testBalancer({
    a: async (request, options) => {
      await request.body?.pipeTo(new WritableStream(), { signal: options.signal });
      return await silent(request, options);
    },
  }, { timeouts: { firstByte: 1_000 } });
  const slow = new TransformStream<Uint8Array<ArrayBuffer>>();
  const writer = slow.writable.getWriter();
  let status: number | undefined;
  const answer = test.send("/", { method: "POST", body: slow.readable }).then((response) =>
    status = response.status
  );
  for (let i = 0; i < 5; i++) {
    await test.clock.advance(900);
    await writer.write(new Uint8Array(1));
  }
  await test.clock.advance(500);
  assertEquals(status, undefined);
  await test.clock.advance(500);
  assertEquals(await answer, 504);
  await writer.abort().catch(() => {});
});

Deno.test("fetch() breaks an answer off when its upstream stops in the middle for the idle time-out", async () => {
  const clock = new ManualClock();
  let interval = 900;
  await using test = await testBalancer({ a: () => dripping(clock, interval) }, {
    clock,
    timeouts: { idle: 1_000 },
  });
  const steady = (await test.send("/")).body?.getReader();
  for (let i = 0; i < 5; i++) {
    const read = steady?.read();
    await test.clock.advance(900);
    assertEquals((await read)?.done, false);
  }
  await steady?.cancel();
  interval = 10_000;
  const stopped = (await test.send("/")).body?.getReader();
  const read = stopped?.read() ?? Promise.resolve();
  const rejected = assertRejects(() => read);
  await test.clock.advance(1_000);
  await rejected;
  assertEquals(test.balancer.snapshot().upstreams[0]?.failures, { client_gone: 1, idle_timeout: 1 });
});

Deno.test("fetch() takes a client that reads nothing for the idle time-out to be gone", async () => {
  await using test = await testBalancer({ a: () => new Response("hello") }, { timeouts: { idle: 1_000 } });
  await test.send("/");
  await test.clock.advance(1_000);
  const [upstream] = test.balancer.snapshot().upstreams;
  assertEquals([upstream?.inFlight, upstream?.failures], [0, { client_gone: 1 }]);
});

Deno.test("fetch() ends everything at the total time-out", async () => {
  await using test = await testBalancer({ a: silent, b: silent }, { timeouts: { total: 3_000 } });
  const answer = test.send("/");
  await test.clock.advance(3_000);
  assertEquals((await answer).status, 504);
  assertEquals(test.transport.sent, ["a"]);
});

Deno.test("readTimeouts() refuses what is no time", () => {
  assertThrows(() => readTimeouts({ idle: 0 }), RangeError, "idle must be above 0 ms, got 0");
  assertThrows(() => readTimeouts({ connect: NaN }), RangeError, "connect");
});
