import { ManualClock } from "@flotilla/runtime/testing";
import { assertEquals, assertRejects } from "@std/assert";
import { createRevocationFeed } from "./revocation_feed.ts";

function feedOn(kv: Deno.Kv) {
  const feed = createRevocationFeed({ kv, tokenLifetime: 900_000, clock: new ManualClock(0) });
  return {
    feed,
    revoke: (session: string) =>
      feed.change(() =>
        Promise.resolve({ operation: kv.atomic(), result: session, revokes: { kind: "session", session } })
      ),
  };
}

const listed = (kv: Deno.Kv) =>
  Array.fromAsync(kv.list<{ session: string }>({ prefix: ["auth", "revocation"] }), ({ key, value }) => ({
    number: key[2],
    session: value.session,
  }));

Deno.test("RevocationFeed.change() numbers revocations without a gap, and none of several services' gets lost", async () => {
  using kv = await Deno.openKv(":memory:");
  const feeds = [feedOn(kv), feedOn(kv), feedOn(kv)];
  await Promise.all(feeds.flatMap(({ revoke }, i) => [1, 2, 3, 4].map((j) => revoke(`${i}-${j}`))));
  const revocations = await listed(kv);
  assertEquals(revocations.map(({ number }) => number), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  assertEquals(new Set(revocations.map(({ session }) => session)).size, 12);
  assertEquals((await kv.get(["auth", "revocation_head"])).value, 12);
});

Deno.test("RevocationFeed.change() says how long a revocation matters", async () => {
  using kv = await Deno.openKv(":memory:");
  await feedOn(kv).revoke("a");
  assertEquals((await kv.get<{ until: number }>(["auth", "revocation", 1])).value?.until, 900_000);
});

Deno.test("RevocationFeed.change() publishes nothing for a change that was not needed or failed, and goes on after it", async () => {
  using kv = await Deno.openKv(":memory:");
  const { feed, revoke } = feedOn(kv);
  assertEquals(await feed.change(() => Promise.resolve({ done: "before" })), "before");
  await assertRejects(() => feed.change(() => Promise.reject(new Error("away"))), Error, "away");
  await revoke("a");
  assertEquals(await listed(kv), [{ number: 1, session: "a" }]);
});
