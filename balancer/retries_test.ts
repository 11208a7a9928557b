import { assert, assertEquals } from "@std/assert";
import type { FailureKind } from "./failure.ts";
import { echo, failing, silent } from "./testing/fake_transport.ts";
import { preferring } from "./testing/preferring.ts";
import { testBalancer } from "./testing/test_balancer.ts";

const SENT: FailureKind[] = ["reset", "stale_connection", "first_byte_timeout", "protocol_error"];

Deno.test("fetch() tries a POST on another upstream when it could not connect, body and all", async () => {
  await using test = await testBalancer({ a: failing("connect_refused"), b: echo });
  const response = await test.send("/x?y=1", { method: "POST", body: "hello" });
  const { upstream, body, method, target } = await response.json();
  assertEquals({ upstream, body, method, target }, {
    upstream: "b",
    body: "hello",
    method: "POST",
    target: "/x?y=1",
  });
  assertEquals(test.transport.sent, ["a", "b"]);
});

Deno.test("fetch() does not meet a dead upstream again, once it could not connect", async () => {
  await using test = await testBalancer({ a: undefined, b: echo }, { checks: {} });
  for (let i = 0; i < 6; i++) assertEquals((await test.send("/")).status, 200);
  assertEquals(test.transport.sent.filter((id) => id === "a").length, 1);
});

for (const kind of SENT) {
  Deno.test(`fetch() tries a GET and a PUT on another upstream after ${kind}`, async () => {
    await using test = await testBalancer({ a: failing(kind), b: echo }, { strategy: preferring("a") });
    assertEquals((await (await test.send("/")).json()).upstream, "b");
    const put = await (await test.send("/", { method: "PUT", body: "hello" })).json();
    assertEquals([put.upstream, put.body], ["b", "hello"]);
  });

  Deno.test(`fetch() does not send a POST twice after ${kind}`, async () => {
    await using test = await testBalancer({ a: failing(kind), b: echo }, { strategy: preferring("a") });
    const response = await test.send("/", { method: "POST", body: "hello" });
    assert(response.status === 502 || response.status === 504);
    assertEquals(test.transport.sent, ["a"]);
  });
}

Deno.test("fetch() does not try again what has more body than is kept", async () => {
  const retry = { bodyBytes: 10 };
  await using test = await testBalancer({ a: failing("reset"), b: echo }, {
    retry,
    strategy: preferring("a"),
  });
  assertEquals((await test.send("/", { method: "PUT", body: "12345678901" })).status, 502);
  assertEquals((await test.send("/", { method: "PUT", body: "1234567890" })).status, 200);
});

Deno.test("fetch() gives up after as many attempts as are allowed", async () => {
  const handlers = Object.fromEntries(["a", "b", "c", "d", "e"].map((id) => [id, failing("reset")]));
  await using test = await testBalancer(handlers);
  assertEquals((await test.send("/")).status, 502);
  assertEquals(test.transport.sent.length, 3);
});

Deno.test("fetch() meets any number of dead upstreams before it gives up a POST", async () => {
  const dead = Object.fromEntries(["a", "b", "c", "d", "e", "f"].map((id) => [id, undefined]));
  await using test = await testBalancer({ ...dead, last: echo });
  const response = await test.send("/", { method: "POST", body: "hello" });
  assertEquals([response.status, (await response.json()).body], [200, "hello"]);
});

Deno.test("fetch() tries again no more often than the budget allows", async () => {
  const retry = { budget: { ratio: 0, perSecond: 1, window: 3_000 } };
  const options = { retry, outlier: false, strategy: preferring("a") } as const;
  await using test = await testBalancer({ a: failing("reset"), b: echo }, options);
  const statuses = [];
  for (let i = 0; i < 5; i++) statuses.push((await test.send("/")).status);
  assertEquals(statuses, [200, 200, 200, 502, 502]);
});

Deno.test("fetch() moves an idempotent request elsewhere when the checks give its upstream up", async () => {
  let frozen = false;
  const checks = { a: (...call: Parameters<typeof silent>) => frozen ? silent(...call) : new Response() };
  await using test = await testBalancer({ a: silent, b: echo }, { checks, strategy: preferring("a") });
  const get = test.send("/");
  const post = test.send("/", { method: "POST", body: "x" });
  await test.clock.advance(1_000);
  assertEquals(test.transport.sent, ["a", "a"]);
  frozen = true;
  await test.clock.advance(2_000);
  assertEquals((await (await get).json()).upstream, "b");
  assertEquals(test.transport.sent, ["a", "a", "b"]);
  await test.clock.advance(60_000);
  assertEquals((await post).status, 504);
});
