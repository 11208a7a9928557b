import { assertEquals, assertThrows } from "@std/assert";
import { readLimits } from "./admission.ts";
import { echo, type FakeHandler } from "./testing/fake_transport.ts";
import { testBalancer } from "./testing/test_balancer.ts";

/** Answers when told to. */
function held(): { handler: FakeHandler; release(count?: number): void } {
  const waiting: (() => void)[] = [];
  return {
    handler: (_request, { upstream, signal }) =>
      new Promise<Response>((resolve, reject) => {
        waiting.push(() => resolve(new Response(null, { headers: { "x-served-by": upstream.id } })));
        signal.addEventListener("abort", () => reject(signal.reason));
      }),
    release(count = 1) {
      for (const answer of waiting.splice(0, count)) answer();
    },
  };
}

Deno.test("fetch() sends an upstream no more at once than its cap, and takes up those that wait in order", async () => {
  const { handler, release } = held();
  await using test = await testBalancer({ a: handler }, { limits: { connections: 2, queue: 2 } });
  const done: string[] = [];
  const answers = ["1", "2", "3", "4"].map(async (name) => {
    await test.send(`/${name}`);
    done.push(name);
  });
  await test.clock.advance(0);
  const [upstream] = test.balancer.snapshot().upstreams;
  assertEquals([upstream?.inFlight, upstream?.queued, test.transport.sent.length], [2, 2, 2]);
  for (let i = 0; i < 4; i++) {
    release();
    await test.clock.advance(0);
  }
  await Promise.all(answers);
  assertEquals(done, ["1", "2", "3", "4"]);
});

Deno.test("fetch() prefers an upstream with room to one that is full", async () => {
  const { handler, release } = held();
  await using test = await testBalancer({ a: handler, b: echo }, { limits: { connections: 1 } });
  const first = test.send("/");
  for (let i = 0; i < 4; i++) await (await test.send("/")).body?.cancel();
  assertEquals(test.transport.sent, ["a", "b", "b", "b", "b"]);
  release();
  await first;
});

Deno.test("fetch() refuses at once with 503 and Retry-After when the queue is full", async () => {
  const { handler, release } = held();
  await using test = await testBalancer({ a: handler }, { limits: { connections: 1, queue: 1 } });
  const first = test.send("/");
  const second = test.send("/");
  const third = await test.send("/");
  assertEquals([third.status, third.headers.get("retry-after")], [503, "1"]);
  release();
  await first;
  await test.clock.advance(0);
  release();
  assertEquals((await second).status, 200);
  assertEquals(test.balancer.snapshot().refusals, { queue_full: 1 });
});

Deno.test("fetch() lets nobody wait longer than the queue's time-out", async () => {
  const { handler } = held();
  await using test = await testBalancer({ a: handler }, { limits: { connections: 1, queueTimeout: 500 } });
  void test.send("/");
  const second = test.send("/");
  await test.clock.advance(500);
  assertEquals((await second).status, 503);
  assertEquals(test.balancer.snapshot().upstreams[0]?.queued, 0);
});

Deno.test("fetch() gives the place in the queue up when the client leaves", async () => {
  const { handler } = held();
  await using test = await testBalancer({ a: handler }, { limits: { connections: 1 } });
  void test.send("/");
  const client = new AbortController();
  const second = test.send("/", { signal: client.signal });
  await test.clock.advance(0);
  client.abort();
  await second;
  assertEquals(test.balancer.snapshot().upstreams[0]?.queued, 0);
  assertEquals(test.transport.sent.length, 1);
});

Deno.test("fetch() sends those that wait elsewhere when their upstream is taken away", async () => {
  const { handler, release } = held();
  await using test = await testBalancer({ a: handler }, { limits: { connections: 1 } });
  const first = test.send("/");
  const second = test.send("/");
  await test.clock.advance(0);
  test.balancer.update([]);
  assertEquals((await second).status, 503);
  release();
  assertEquals((await first).status, 200);
});

Deno.test("readLimits() refuses options out of range", () => {
  assertThrows(() => readLimits({ connections: 0 }), RangeError, "connections must be at least 1, got 0");
  assertThrows(() => readLimits({ queue: -1 }), RangeError, "queue");
  assertThrows(() => readLimits({ queueTimeout: 0 }), RangeError, "queueTimeout");
});
