import { ManualClock } from "@flotilla/runtime/testing";
import { assertEquals } from "@std/assert";
import type { Entry } from "./datapath.ts";
import { MUTATION } from "@flotilla/runtime/kv_connect";
import { encodeWatch } from "./testing/datapath_client.ts";
import { bytes, testStore, type WatchReader } from "./testing/store_client.ts";

const [A, B] = [bytes("a"), bytes("b")];

const textOf = (entry: Entry | undefined) =>
  entry === undefined ? null : new TextDecoder().decode(entry.value);

/** The values in the next frame that tells something. */
async function values(watch: WatchReader): Promise<(string | null)[] | "end"> {
  for (let frame = await watch.next();; frame = await watch.next()) {
    if (frame === "end") return frame;
    if (frame !== "alive") return frame.map(textOf);
  }
}

async function watchers(context: ReturnType<typeof testStore>): Promise<number> {
  const metrics = await (await context.store.fetch(new Request("http://store.test/metrics"))).text();
  return Number(/^flotilla_store_watchers (\d+)$/m.exec(metrics)?.[1]);
}

Deno.test("watch() tells what is stored at first, and every key again whenever one has changed", async () => {
  await using context = testStore();
  await context.client.set(A, bytes("1"));
  const watch = await context.client.watch(A, B);
  assertEquals(await values(watch), ["1", null]);
  await context.client.set(B, bytes("2"));
  assertEquals(await values(watch), ["1", "2"]);
  await context.client.write({ mutations: [{ key: A, type: MUTATION.delete }] });
  assertEquals(await values(watch), [null, "2"]);
  await watch.cancel();
});

Deno.test("watch() tells both changes of one write in one frame", async () => {
  await using context = testStore();
  const watch = await context.client.watch(A, B);
  assertEquals(await values(watch), [null, null]);
  const value = { data: bytes("x"), encoding: 3 };
  await context.client.write({ mutations: [A, B].map((key) => ({ key, type: MUTATION.set, value })) });
  assertEquals(await values(watch), ["x", "x"]);
  await watch.cancel();
});

Deno.test("watch() lets changes fall together while the client does not read", async () => {
  await using context = testStore();
  const watch = await context.client.watch(A);
  assertEquals(await values(watch), [null]);
  for (let n = 0; n < 100; n++) await context.client.set(A, bytes(`${n}`));
  const seen: unknown[] = [];
  while (seen.at(-1) !== "99") seen.push((await values(watch))[0]);
  assertEquals(seen.length <= 3, true, `${seen.length} frames`);
  await watch.cancel();
});

Deno.test("watch() tells nothing when what was there is there again", async () => {
  const clock = new ManualClock();
  await using context = testStore({ clock });
  const watch = await context.client.watch(A);
  assertEquals(await watch.next(), [undefined]);
  const value = { data: bytes("x"), encoding: 3 };
  await context.client.write({
    mutations: [{ key: A, type: MUTATION.set, value }, { key: A, type: MUTATION.delete }],
  });
  const next = watch.next();
  await clock.advance(5_000);
  assertEquals(await next, "alive");
  await watch.cancel();
});

Deno.test("watch() says that it is alive whenever it has nothing to tell for five seconds", async () => {
  const clock = new ManualClock();
  await using context = testStore({ clock });
  const watch = await context.client.watch(A);
  assertEquals(await watch.next(), [undefined]);
  for (let round = 0; round < 3; round++) {
    let told = false;
    const next = watch.next().finally(() => told = true);
    await clock.advance(4_999);
    assertEquals(told, false);
    await clock.advance(1);
    assertEquals(await next, "alive");
  }
  await watch.cancel();
});

Deno.test("watch() tells an expiry when it happens", async () => {
  const clock = new ManualClock();
  await using context = testStore({ clock, keepAlive: 60_000 });
  await context.client.set(A, bytes("short"), clock.now() + 3_000);
  const watch = await context.client.watch(A);
  assertEquals(await values(watch), ["short"]);
  let told = false;
  const next = values(watch).finally(() => told = true);
  await clock.advance(2_999);
  assertEquals(told, false);
  await clock.advance(1);
  assertEquals(await next, [null]);
  await watch.cancel();
});

Deno.test("watch() tells an expiry that happened while the client did not read", async () => {
  const clock = new ManualClock();
  await using context = testStore({ clock });
  await context.client.set(A, bytes("short"), clock.now() + 100);
  const watch = await context.client.watch(A);
  assertEquals(await values(watch), ["short"]);
  clock.jump(4_000);
  const next = values(watch);
  await clock.advance(1_000);
  assertEquals(await next, [null]);
  await watch.cancel();
});

Deno.test("watch() tells the same key twice when it is watched twice", async () => {
  await using context = testStore();
  const watch = await context.client.watch(A, A);
  assertEquals(await values(watch), [null, null]);
  await context.client.set(A, bytes("1"));
  assertEquals(await values(watch), ["1", "1"]);
  await watch.cancel();
});

Deno.test("watch() is let go of when the client goes", async () => {
  const clock = new ManualClock();
  await using context = testStore({ clock });
  const [one, other] = [await context.client.watch(A), await context.client.watch(A, B)];
  assertEquals(await watchers(context), 2);
  await one.cancel();
  assertEquals(await watchers(context), 1);
  await other.next();
  const pending = other.next();
  await other.cancel();
  assertEquals(await pending, "end");
  assertEquals(await watchers(context), 0);
  // The sweep's timer is all that is left.
  assertEquals(clock.pending, 1);
});

Deno.test("drain() ends every watch and lets no more begin", async () => {
  await using context = testStore();
  const watch = await context.client.watch(A);
  await watch.next();
  const pending = watch.next();
  context.store.drain();
  assertEquals(await pending, "end");
  const late = await context.client.post("watch", encodeWatch([A]));
  assertEquals([late.status, late.headers.get("retry-after")], [503, "1"]);
  await late.body?.cancel();
  assertEquals(await watchers(context), 0);
});

Deno.test("A write is still done while the store drains", async () => {
  await using context = testStore();
  context.store.drain();
  assertEquals(typeof await context.client.set(A, bytes("1")), "number");
});
