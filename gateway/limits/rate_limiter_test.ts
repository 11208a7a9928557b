import { ManualClock } from "@flotilla/runtime/testing";
import { assert, assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import { withFallback } from "./fallback_permit_store.ts";
import { createKvPermitStore, PermitContentionError } from "./kv_permit_store.ts";
import { createLocalPermitStore } from "./local_permit_store.ts";
import type { PermitStore } from "./permit_store.ts";
import { createRateLimiter, type RateLimiter } from "./rate_limiter.ts";

const MINUTE = 60_000;

function counting(store: PermitStore): PermitStore & { loans: number } {
  const counted = {
    loans: 0,
    borrow(request: Parameters<PermitStore["borrow"]>[0]) {
      counted.loans++;
      return store.borrow(request);
    },
  };
  return counted;
}

async function admitted(limiters: readonly RateLimiter[], count: number): Promise<number> {
  const takes = Array.from({ length: count }, (_, i) => limiters[i % limiters.length]?.take("ann"));
  const verdicts = await Promise.all(takes);
  return verdicts.filter((verdict) => verdict?.allowed === true).length;
}

Deno.test("RateLimiter.take() lets just the quota pass", async () => {
  const clock = new ManualClock();
  const policy = { name: "caller", quota: 100, window: MINUTE };
  const limiter = createRateLimiter({ policy, store: createLocalPermitStore(), clock });
  assertEquals(await admitted([limiter], 250), 100);
  assertEquals((await limiter.take("bob")).allowed, true);
});

Deno.test("RateLimiter.take() lets the quota pass within 5% over two gateways that share a store, and never more", async () => {
  using kv = await Deno.openKv(":memory:");
  for (const quota of [50, 1_000, 20_000]) {
    const clock = new ManualClock();
    const policy = { name: `caller-${quota}`, quota, window: MINUTE };
    const limiters = [1, 2].map(() => createRateLimiter({ policy, store: createKvPermitStore(kv), clock }));
    let passed = 0;
    for (let round = 0; round < 20; round++) passed += await admitted(limiters, quota / 10);
    assertLessOrEqual(passed, quota);
    assertGreaterOrEqual(passed, quota * 0.95);
  }
});

Deno.test("RateLimiter.take() lets the quota pass within 5% when nearly all requests reach one gateway", async () => {
  using kv = await Deno.openKv(":memory:");
  const clock = new ManualClock();
  const policy = { name: "caller", quota: 1_000, window: MINUTE };
  const [busy, idle] = [1, 2].map(() => createRateLimiter({ policy, store: createKvPermitStore(kv), clock }));
  assert(busy !== undefined && idle !== undefined);
  assertEquals(await admitted([idle], 1), 1);
  const passed = 1 + await admitted([busy], 1_500);
  assertLessOrEqual(passed, 1_000);
  assertGreaterOrEqual(passed, 950);
});

Deno.test("RateLimiter.take() keeps to the rate over many windows, without a burst around their edges", async () => {
  const clock = new ManualClock();
  const policy = { name: "caller", quota: 60, window: MINUTE };
  const limiter = createRateLimiter({ policy, store: createLocalPermitStore(), clock });
  await clock.advance(MINUTE - clock.now() % MINUTE - 1_000);
  assertEquals(await admitted([limiter], 100), 60);
  await clock.advance(2_000);
  assertLessOrEqual(await admitted([limiter], 100), 2);
  let passed = 0;
  for (let second = 0; second < 600; second++) {
    await clock.advance(1_000);
    passed += await admitted([limiter], 5);
  }
  assertGreaterOrEqual(passed, 540);
  assertLessOrEqual(passed, 600);
});

Deno.test("RateLimiter.take() asks the store for one request in a hundred, and not at all while nothing is to be had", async () => {
  const clock = new ManualClock();
  const policy = { name: "caller", quota: 10_000, window: MINUTE };
  const store = counting(createLocalPermitStore());
  const limiter = createRateLimiter({ policy, store, clock });
  for (let i = 0; i < 5_000; i++) await limiter.take("ann");
  assertLessOrEqual(store.loans, 51);
  assertEquals(await admitted([limiter], 6_000), 5_000);
  const before = store.loans;
  assertEquals(await admitted([limiter], 1_000), 0);
  assertEquals(store.loans, before);
});

Deno.test("RateLimiter.take() tells when to come back, and means it", async () => {
  const clock = new ManualClock();
  const policy = { name: "caller", quota: 10, window: MINUTE };
  const limiter = createRateLimiter({ policy, store: createLocalPermitStore(), clock });
  assertEquals(await admitted([limiter], 11), 10);
  const { retryAt } = await limiter.take("ann");
  await clock.advance(retryAt - clock.now() - 1);
  assertEquals((await limiter.take("ann")).allowed, false);
  await clock.advance(2);
  assertEquals((await limiter.take("ann")).allowed, true);
});

Deno.test("RateLimiter.take() counts down what remains", async () => {
  const policy = { name: "caller", quota: 10, window: MINUTE };
  const limiter = createRateLimiter({ policy, store: createLocalPermitStore(), clock: new ManualClock() });
  const remaining: number[] = [];
  for (let i = 0; i < 11; i++) remaining.push((await limiter.take("ann")).remaining);
  assertEquals(remaining, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0]);
});

Deno.test("withFallback() keeps limits locally while the shared store is away, and comes back to it", async () => {
  const clock = new ManualClock();
  let away = true;
  const local = counting(createLocalPermitStore());
  const shared = createLocalPermitStore();
  const failing = counting({
    borrow: (request) => away ? Promise.reject(new Error("The cache is away")) : shared.borrow(request),
  });
  const store = withFallback(failing, local, { clock, pause: 1_000 });
  const policy = { name: "caller", quota: 4, window: MINUTE };
  const limiter = createRateLimiter({ policy, store, clock });
  assertEquals(await admitted([limiter], 3), 3);
  assertEquals(failing.loans, 1, "The shared store was asked although it had just failed");
  away = false;
  await clock.advance(1_000);
  assertEquals((await limiter.take("bob")).allowed, true);
  assertEquals([failing.loans, local.loans], [2, 1]);
});

Deno.test("createKvPermitStore() gives up when others are faster each time", async () => {
  using kv = await Deno.openKv(":memory:");
  const store = createKvPermitStore(contended(kv));
  const request = { key: "ann", policy: { name: "a", quota: 9, window: MINUTE }, waiting: 1, now: 0 };
  let thrown: unknown;
  try {
    await store.borrow(request);
  } catch (error) {
    thrown = error;
  }
  assert(thrown instanceof PermitContentionError);
});

/** The database in which somebody else has always just written what was read. */
function contended(kv: Deno.Kv): Deno.Kv {
  return new Proxy(kv, {
    get(target, name) {
      if (name !== "get") {
        const own: unknown = Reflect.get(target, name, target);
        return typeof own === "function" ? own.bind(target) : own;
      }
      return async (key: Deno.KvKey) => {
        const entry = await target.get(key);
        await target.set(key, { index: 0, current: 0, previous: 0 });
        return entry;
      };
    },
  });
}
