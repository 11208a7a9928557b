import { assertEquals } from "@std/assert";
import { echo, failing } from "./testing/fake_transport.ts";
import { testBalancer } from "./testing/test_balancer.ts";

const broken = () => new Response("no", { status: 500 });

async function send(test: Awaited<ReturnType<typeof testBalancer>>, count: number): Promise<number[]> {
  const statuses: number[] = [];
  for (let i = 0; i < count; i++) {
    const response = await test.send("/");
    await response.body?.cancel();
    statuses.push(response.status);
  }
  return statuses;
}

Deno.test("an upstream of two that answers 500 is ejected though its checks pass", async () => {
  await using test = await testBalancer({ a: broken, b: echo });
  const statuses = await send(test, 20);
  assertEquals(statuses.filter((status) => status === 500).length, 5);
  const [a] = test.balancer.snapshot().upstreams;
  assertEquals([a?.ejected, a?.ejections, a?.inRotation], [true, 1, false]);
});

Deno.test("two of two that answer 500 go on answering, one at least", async () => {
  await using test = await testBalancer({ a: broken, b: broken });
  assertEquals(new Set(await send(test, 30)), new Set([500]));
});

Deno.test("an ejected upstream comes back and is ejected for longer when it still fails", async () => {
  const options = { outlier: { baseEjection: 1_000 }, slowStart: { window: 0 } };
  await using test = await testBalancer({ a: broken, b: echo }, options);
  const ejected = () => test.balancer.snapshot().upstreams[0]?.ejected;
  await send(test, 20);
  await test.clock.advance(1_000);
  assertEquals(ejected(), false);
  await send(test, 20);
  await test.clock.advance(1_000);
  assertEquals(ejected(), true);
  await test.clock.advance(1_000);
  assertEquals(ejected(), false);
});

Deno.test("without checks an upstream that cannot be connected to is ejected at once", async () => {
  await using test = await testBalancer({ a: undefined, b: echo }, { health: false });
  assertEquals(await send(test, 6), [200, 200, 200, 200, 200, 200]);
  assertEquals(test.transport.sent.filter((id) => id === "a").length, 1);
});

Deno.test("without checks an upstream is not ejected for want of a socket of ours, and the request is tried elsewhere", async () => {
  await using test = await testBalancer({ a: failing("no_socket"), b: echo }, { health: false });
  assertEquals(await send(test, 20), Array(20).fill(200));
  const [a] = test.balancer.snapshot().upstreams;
  assertEquals([a?.ejections, a?.inRotation, a?.failures], [0, true, { no_socket: 20 }]);
});

Deno.test("when all fail their checks but answer, requests are still passed on", async () => {
  const checks = {
    a: () => new Response(null, { status: 404 }),
    b: () => new Response(null, { status: 404 }),
  };
  await using test = await testBalancer({ a: echo, b: echo }, { checks });
  assertEquals(await send(test, 2), [200, 200]);
  assertEquals([test.balancer.snapshot().mode, test.balancer.ready], ["failing", false]);
});
