import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { echo, type FakeHandler } from "./testing/fake_transport.ts";
import { testBalancer } from "./testing/test_balancer.ts";

/** Sends requests one after another; gives who answered, in order. */
async function answerers(test: Awaited<ReturnType<typeof testBalancer>>, count: number): Promise<string> {
  const ids: string[] = [];
  for (let i = 0; i < count; i++) ids.push((await (await test.send("/")).json()).upstream);
  return ids.join("");
}

Deno.test("update() moves upstreams in and out, and drops no request", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const slow: FakeHandler = async (...call) => {
    await promise;
    return await echo(...call);
  };
  await using test = await testBalancer({ a: slow }, {});
  const inside = test.send("/");
  await test.clock.advance(0);
  test.balancer.update([]);
  assertEquals((await test.send("/")).status, 503);
  assertEquals(test.transport.forgotten, ["a"], "what is idle is closed at once");
  resolve();
  assertEquals((await (await inside).json()).upstream, "a");
  await test.clock.advance(0);
  assertEquals(test.transport.forgotten, ["a", "a"], "and what was in use when it is done");
});

Deno.test("update() lets an upstream join drained, and leaves a member as it is", async () => {
  await using test = await testBalancer({ a: echo, b: echo });
  const [a, b] = test.balancer.snapshot().upstreams.map(({ id, url }) => ({ id, url }));
  assert(a !== undefined && b !== undefined);
  test.balancer.update([a]);
  test.balancer.update([{ ...a, draining: true }, { ...b, draining: true }]);
  await test.clock.advance(1_000);
  assertEquals(await answerers(test, 3), "aaa");
  test.balancer.resume("b");
  assertEquals(test.balancer.snapshot().upstreams.map(({ draining }) => draining), [false, false]);
});

Deno.test("update() gives a new upstream requests when its first check has passed, and not before", async () => {
  await using test = await testBalancer({ a: echo, b: echo });
  test.balancer.update([{ id: "a", url: "http://a.test" }]);
  assertEquals(await answerers(test, 3), "aaa");
  test.balancer.update([{ id: "a", url: "http://a.test" }, { id: "b", url: "http://b.test" }]);
  assertEquals(await answerers(test, 3), "aaa");
  await test.clock.advance(10);
  assertEquals((await answerers(test, 4)).includes("b"), true);
});

Deno.test("update() weighs an upstream anew and keeps what is known of it", async () => {
  await using test = await testBalancer({ a: echo, b: echo });
  await answerers(test, 4);
  test.balancer.update([{ id: "a", url: "http://a.test", weight: 3 }, { id: "b", url: "http://b.test" }]);
  assertEquals([...await answerers(test, 8)].filter((id) => id === "a").length, 6);
  assertEquals(test.balancer.snapshot().upstreams[0]?.attempts, 8);
});

Deno.test("update() takes an id at another address for another upstream", async () => {
  await using test = await testBalancer({ a: echo });
  await answerers(test, 1);
  test.balancer.update([{ id: "a", url: "http://moved.test" }]);
  assertEquals(test.balancer.snapshot().upstreams[0]?.attempts, 0);
});

Deno.test("update() changes nothing when one address cannot be used", async () => {
  await using test = await testBalancer({ a: echo });
  const good = { id: "b", url: "http://b.test" };
  assertThrows(() => test.balancer.update([good, "ftp://x"]), TypeError, 'got "ftp://x"');
  assertThrows(() => test.balancer.update([good, "http://b.test/path"]), TypeError, "must be an origin");
  assertThrows(() => test.balancer.update([good, good]), TypeError, "same id");
  assertThrows(() => test.balancer.update([{ ...good, weight: 0 }]), RangeError, "weight must be above 0");
  assertEquals(test.balancer.snapshot().upstreams.map(({ id }) => id), ["a"]);
});

Deno.test("drain() sends no new requests and resolves when those inside are finished", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const slow: FakeHandler = async (...call) => {
    await promise;
    return await echo(...call);
  };
  await using test = await testBalancer({ a: slow, b: echo });
  const inside = test.send("/");
  await test.clock.advance(0);
  let drained = false;
  const draining = test.balancer.drain("a").then(() => drained = true);
  assertEquals(await answerers(test, 3), "bbb");
  assertEquals(drained, false);
  resolve();
  await (await inside).text();
  await draining;
});

Deno.test("resume() ends a drain, which update() leaves as it is", async () => {
  await using test = await testBalancer({ a: echo, b: echo });
  await test.balancer.drain("a");
  test.balancer.update([{ id: "a", url: "http://a.test" }, { id: "b", url: "http://b.test" }]);
  assertEquals(await answerers(test, 2), "bb");
  test.balancer.resume("a");
  assertEquals([...await answerers(test, 4)].toSorted().join(""), "aabb");
});

Deno.test("drain() and resume() name an id that is not there", async () => {
  await using test = await testBalancer({ a: echo });
  await assertRejects(() => test.balancer.drain("x"), RangeError, 'no member has the id "x"');
  assertThrows(() => test.balancer.resume("x"), RangeError, 'no member has the id "x"');
});

Deno.test("an upstream that answers 503 to its check is out at once, and nothing inside it is dropped", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  let unready = false;
  const slow: FakeHandler = async (...call) => {
    await promise;
    return await echo(...call);
  };
  const checks = { a: () => new Response(null, { status: unready ? 503 : 200 }) };
  await using test = await testBalancer({ a: slow, b: echo }, { checks });
  const inside = test.send("/");
  await test.clock.advance(0);
  unready = true;
  await test.clock.advance(600);
  assertEquals(await answerers(test, 3), "bbb");
  resolve();
  assertEquals((await (await inside).json()).upstream, "a");
});

Deno.test("close() refuses new requests, breaks off what is inside, and closes the transport, once", async () => {
  await using test = await testBalancer({
    a: () => new Response(new ReadableStream<Uint8Array<ArrayBuffer>>()),
  });
  const response = await test.send("/");
  await test.balancer.close();
  await test.balancer.close();
  await assertRejects(() => response.text());
  assertEquals([(await test.send("/")).status, test.transport.closed, test.clock.pending], [503, true, 0]);
});
