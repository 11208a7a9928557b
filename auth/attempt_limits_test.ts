import { ProblemError } from "@flotilla/runtime";
import { ManualClock } from "@flotilla/runtime/testing";
import { assertEquals } from "@std/assert";
import { type AttemptLimits, type AttemptLimitsOptions, createAttemptLimits } from "./attempt_limits.ts";
import type { DelayPolicy } from "./growing_delay.ts";

const ACCOUNT: DelayPolicy = { free: 3, base: 1_000, ceiling: 8_000, forget: 60_000 };
const ADDRESS: DelayPolicy = { free: 5, base: 1_000, ceiling: 2_000, forget: 60_000 };

function setUp(kv: Deno.Kv, options: Partial<AttemptLimitsOptions> = {}) {
  const clock = new ManualClock();
  const make = () => createAttemptLimits({ kv, clock, account: ACCOUNT, address: ADDRESS, ...options });
  return { clock, limits: make(), make };
}

/** Seconds to wait; 0 when the attempt was let through. */
async function fail(limits: AttemptLimits, username: string, address?: string): Promise<number> {
  try {
    await limits.begin({ username, address });
    return 0;
  } catch (error) {
    if (!(error instanceof ProblemError) || error.status !== 429) throw error;
    return Number(error.headers.get("retry-after"));
  }
}

Deno.test("AttemptLimits.begin() lets some failures pass, then delays them, twice as long each time, up to a ceiling", async () => {
  using kv = await Deno.openKv(":memory:");
  const { clock, limits } = setUp(kv);
  for (let i = 0; i < 4; i++) assertEquals(await fail(limits, "ann"), 0);
  for (const seconds of [1, 2, 4, 8, 8]) {
    assertEquals(await fail(limits, "ann"), seconds);
    clock.jump(seconds * 1_000 - 1);
    assertEquals(await fail(limits, "ann"), 1);
    clock.jump(1);
    assertEquals(await fail(limits, "ann"), 0);
  }
  assertEquals(await fail(limits, "ben"), 0);
});

Deno.test("AttemptLimits.begin() counts many attempts at the same moment as many, over two services", async () => {
  using kv = await Deno.openKv(":memory:");
  const { make } = setUp(kv);
  const services = [make(), make()];
  const waits = await Promise.all(
    services.flatMap((limits) => [1, 2, 3, 4, 5, 6].map(() => fail(limits, "ann"))),
  );
  assertEquals(waits.filter((wait) => wait === 0).length, 4);
});

Deno.test("CountedAttempt.succeeded() forgets the account's failures", async () => {
  using kv = await Deno.openKv(":memory:");
  const { limits } = setUp(kv);
  for (let i = 0; i < 3; i++) await fail(limits, "ann");
  const attempt = await limits.begin({ username: "ann", address: undefined });
  await attempt.succeeded();
  for (let i = 0; i < 4; i++) assertEquals(await fail(limits, "ann"), 0);
});

Deno.test("CountedAttempt.withdraw() takes its own failure back, and no other", async () => {
  using kv = await Deno.openKv(":memory:");
  const { limits } = setUp(kv);
  for (let i = 0; i < 10; i++) {
    const attempt = await limits.begin({ username: "ann", address: "192.0.2.1" });
    await attempt.withdraw();
  }
  for (let i = 0; i < 4; i++) assertEquals(await fail(limits, "ann", "192.0.2.1"), 0);
  assertEquals(await fail(limits, "ann", "192.0.2.1"), 1);
});

Deno.test("AttemptLimits.begin() delays an address that tries many accounts, and successes there do not help it", async () => {
  using kv = await Deno.openKv(":memory:");
  const { limits, clock } = setUp(kv);
  for (let i = 0; i < 6; i++) {
    assertEquals(await fail(limits, `user-${i}`, "192.0.2.1"), 0);
    const own = await limits.begin({ username: "mallory", address: "192.0.2.2" });
    await own.succeeded();
  }
  assertEquals(await fail(limits, "user-6", "192.0.2.1"), 1);
  assertEquals(await fail(limits, "user-6", "192.0.2.2"), 0);
  clock.jump(1_000);
  const own = await limits.begin({ username: "mallory", address: "192.0.2.1" });
  await own.succeeded();
  assertEquals(await fail(limits, "user-7", "192.0.2.1"), 2);
});

Deno.test("AttemptLimits.begin() takes the addresses of one IPv6 network for one", async () => {
  using kv = await Deno.openKv(":memory:");
  const { limits } = setUp(kv);
  for (let i = 0; i < 6; i++) assertEquals(await fail(limits, `user-${i}`, `2001:db8::${i}`), 0);
  assertEquals(await fail(limits, "user-6", "2001:db8::ffff"), 1);
  assertEquals(await fail(limits, "user-6", "2001:db8:0:1::1"), 0);
});

Deno.test("AttemptLimits.begin() does not let a stranger lock the owner out of where it signed in before", async () => {
  using kv = await Deno.openKv(":memory:");
  const { limits } = setUp(kv);
  await (await limits.begin({ username: "ann", address: "192.0.2.1" })).succeeded();
  for (let i = 0; i < 5; i++) await fail(limits, "ann", "203.0.113.9");
  assertEquals(await fail(limits, "ann", "203.0.113.9"), 1);
  assertEquals(await fail(limits, "ann", "192.0.2.1"), 0);
});

Deno.test("AttemptLimits.begin() forgets failures after a while without any", async () => {
  using kv = await Deno.openKv(":memory:");
  const { limits, clock } = setUp(kv);
  for (let i = 0; i < 5; i++) await fail(limits, "ann");
  clock.jump(60_000);
  for (let i = 0; i < 4; i++) assertEquals(await fail(limits, "ann"), 0);
});

Deno.test("createAttemptLimits() keeps no username as it was typed in the database", async () => {
  using kv = await Deno.openKv(":memory:");
  const { limits } = setUp(kv);
  await (await limits.begin({ username: "my secret password", address: "192.0.2.1" })).succeeded();
  await fail(limits, "my secret password");
  const entries = await Array.fromAsync(
    kv.list({ prefix: [] }),
    ({ key, value }) => JSON.stringify([key, value]),
  );
  assertEquals(entries.filter((text) => text.includes("secret")), []);
});
