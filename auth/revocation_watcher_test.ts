import { eventually, ManualClock } from "@flotilla/runtime/testing";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Principal } from "./principal.ts";
import type { NewRevocation } from "./revocation.ts";
import { createRevocationFeed } from "./revocation_feed.ts";
import { createRevocationWatcher } from "./revocation_watcher.ts";
import { makeSessionId } from "./session_id.ts";

const LIFETIME = 900_000;

function principal(subject: string, session: string): Principal {
  return { subject, session, role: "user", rights: [], tokenId: "t", expires: 0 };
}

function feedOn(kv: Deno.Kv, clock: ManualClock) {
  const feed = createRevocationFeed({ kv, tokenLifetime: LIFETIME, clock });
  return async (revokes: NewRevocation) =>
    await feed.change(() => Promise.resolve({ operation: kv.atomic(), result: undefined, revokes }));
}

Deno.test("createRevocationWatcher() is told at once of a session that ends", async () => {
  using kv = await Deno.openKv(":memory:");
  const clock = new ManualClock();
  const revoke = feedOn(kv, clock);
  using watcher = createRevocationWatcher({ kv, clock });
  await watcher.ready();
  assertEquals(watcher.isRevoked(principal("ann", "a-1")), false);
  await revoke({ kind: "session", session: "a-1" });
  await eventually(() => watcher.isRevoked(principal("ann", "a-1")), { what: "the revocation to arrive" });
  assertEquals(watcher.isRevoked(principal("ann", "a-2")), false);
});

Deno.test("createRevocationWatcher() knows what was revoked before it began", async () => {
  using kv = await Deno.openKv(":memory:");
  const clock = new ManualClock();
  const revoke = feedOn(kv, clock);
  for (let i = 0; i < 300; i++) await revoke({ kind: "session", session: `a-${i}` });
  using watcher = createRevocationWatcher({ kv, clock });
  await watcher.ready();
  assertEquals([watcher.size, watcher.isRevoked(principal("ann", "a-299"))], [300, true]);
});

Deno.test("createRevocationWatcher() ends a user's sessions of before, but the one that asked, and no later one", async () => {
  using kv = await Deno.openKv(":memory:");
  const clock = new ManualClock();
  const revoke = feedOn(kv, clock);
  const [before, kept, after] = [makeSessionId(5), makeSessionId(5), makeSessionId(6)];
  await revoke({ kind: "user", username: "ann", before: 6, except: kept });
  using watcher = createRevocationWatcher({ kv, clock });
  await watcher.ready();
  const revoked = (session: string) => watcher.isRevoked(principal("ann", session));
  assertEquals([revoked(before), revoked(kept), revoked(after)], [true, false, false]);
  assertEquals([revoked("no epoch"), watcher.isRevoked(principal("ben", before))], [true, false]);
  await revoke({ kind: "user", username: "ann", before: 7 });
  await eventually(() => revoked(kept) && revoked(after), { what: "the second revocation" });
});

Deno.test("createRevocationWatcher() forgets what only concerns tokens that have ended", async () => {
  using kv = await Deno.openKv(":memory:");
  const clock = new ManualClock();
  const revoke = feedOn(kv, clock);
  using watcher = createRevocationWatcher({ kv, clock });
  await revoke({ kind: "session", session: "a-1" });
  await revoke({ kind: "user", username: "ann", before: 7 });
  await eventually(() => watcher.size === 2, { what: "both to arrive" });
  clock.jump(LIFETIME);
  // At the next look, whenever the last one was.
  await eventually(async () => {
    await clock.advance(1_000);
    return watcher.size === 0;
  }, { what: "both to be forgotten" });
});

Deno.test("createRevocationWatcher() finds what a lost watch did not tell, within its interval", async () => {
  using kv = await Deno.openKv(":memory:");
  const clock = new ManualClock();
  const revoke = feedOn(kv, clock);
  kv.watch = () => new ReadableStream();
  using watcher = createRevocationWatcher({ kv, clock });
  await watcher.ready();
  await revoke({ kind: "session", session: "a-1" });
  await clock.advance(1_000);
  await eventually(() => watcher.isRevoked(principal("ann", "a-1")), { what: "the next look" });
});

Deno.test("createRevocationWatcher() leaves an open watch alone for five seconds, and then finds what it did not tell", async () => {
  using kv = await Deno.openKv(":memory:");
  const clock = new ManualClock();
  const revoke = feedOn(kv, clock);
  const watch = kv.watch.bind(kv);
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  kv.watch = (keys) =>
    new ReadableStream({
      async start(controller) {
        const reader = watch(keys).getReader();
        const { value } = await reader.read();
        await reader.cancel();
        await begun;
        if (value !== undefined) controller.enqueue(value);
      },
    });
  const get = kv.get.bind(kv);
  let [asked, answered] = [0, 0];
  kv.get = async <T>(key: Deno.KvKey) => {
    asked++;
    const entry = await get<T>(key);
    answered++;
    return entry;
  };
  using watcher = createRevocationWatcher({ kv, clock });
  await eventually(() => answered === 1, { what: "the first look" });
  begin();
  await eventually(() => answered === 2, { what: "the look that the watch calls for" });
  await clock.advance(4_999);
  assertEquals(asked, 2);
  await revoke({ kind: "session", session: "a-1" });
  await clock.advance(1);
  await eventually(() => watcher.isRevoked(principal("ann", "a-1")), { what: "the look beside the watch" });
});

Deno.test("createRevocationWatcher() begins a watch that ended again", async () => {
  using kv = await Deno.openKv(":memory:");
  const clock = new ManualClock();
  let watches = 0;
  kv.watch = () => {
    watches++;
    if (watches === 1) throw new TypeError("closed");
    return new ReadableStream({
      start: (controller) => watches === 2 ? controller.error("lost") : undefined,
    });
  };
  using _watcher = createRevocationWatcher({ kv, clock });
  for (const expected of [2, 3]) {
    await eventually(async () => {
      await clock.advance(1_000);
      return watches === expected;
    }, { what: "another watch" });
  }
  await clock.advance(5_000);
  assertEquals(watches, 3);
});

Deno.test("createRevocationWatcher() keeps what it knows while the database is away, and is not ready without it", async () => {
  using kv = await Deno.openKv(":memory:");
  const clock = new ManualClock();
  await feedOn(kv, clock)({ kind: "session", session: "a-1" });
  using watcher = createRevocationWatcher({ kv, clock });
  await watcher.ready();
  kv.get = () => Promise.reject(new Error("away"));
  await clock.advance(5_000);
  assertEquals(watcher.isRevoked(principal("ann", "a-1")), true);
  using other = createRevocationWatcher({ kv, clock });
  await assertRejects(() => other.ready(), Error, "away");
});

Deno.test("createRevocationWatcher() counts anew on a database that was set back", async () => {
  using kv = await Deno.openKv(":memory:");
  const clock = new ManualClock();
  const revoke = feedOn(kv, clock);
  await revoke({ kind: "session", session: "a-1" });
  await revoke({ kind: "session", session: "a-2" });
  using watcher = createRevocationWatcher({ kv, clock });
  await watcher.ready();
  await kv.delete(["auth", "revocation_head"]);
  await revoke({ kind: "session", session: "a-3" });
  await eventually(() => watcher.isRevoked(principal("ann", "a-3")), { what: "the first of the new count" });
});

Deno.test("createRevocationWatcher() refuses an interval that is not more than 0, and is disposed twice without harm", async () => {
  using kv = await Deno.openKv(":memory:");
  assertThrows(() => createRevocationWatcher({ kv, interval: 0 }), RangeError, "got 0");
  using watcher = createRevocationWatcher({ kv });
  await watcher.ready();
  watcher[Symbol.dispose]();
});
