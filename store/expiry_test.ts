import { ManualClock } from "@flotilla/runtime/testing";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { MUTATION } from "@flotilla/runtime/kv_connect";
import { bytes, testStore } from "./testing/store_client.ts";

const KEY = bytes("key");
const VALUE = bytes("value");

Deno.test("A read sees an entry until it expires, and not from that moment on", async () => {
  const clock = new ManualClock();
  await using context = testStore({ clock });
  await context.client.set(KEY, VALUE, clock.now() + 1_000);
  const range = { start: bytes("a"), end: bytes("z"), limit: 10, reverse: false };
  const seen = async () => {
    const [listed, reversed] = await context.client.read(range, { ...range, reverse: true });
    return [await context.client.get(KEY), ...listed ?? [], ...reversed ?? []].filter((entry) =>
      entry !== undefined
    ).length;
  };
  clock.jump(999);
  assertEquals(await seen(), 3);
  clock.jump(1);
  assertEquals(await seen(), 0);
});

Deno.test("A list fills its limit past entries that have expired", async () => {
  const clock = new ManualClock();
  await using context = testStore({ clock });
  for (const name of ["a", "b", "c"]) await context.client.set(bytes(name), VALUE, clock.now() + 10);
  for (const name of ["d", "e"]) await context.client.set(bytes(name), VALUE);
  clock.jump(10);
  const [entries] = await context.client.read({
    start: bytes("a"),
    end: bytes("z"),
    limit: 2,
    reverse: false,
  });
  assertEquals(entries?.map(({ key }) => key), [bytes("d"), bytes("e")]);
});

Deno.test("A check and a sum take an expired entry for one that is not there", async () => {
  const clock = new ManualClock();
  await using context = testStore({ clock });
  const one = { data: new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0]), encoding: 2 };
  const count = { key: KEY, type: MUTATION.sum, value: one };
  await context.client.write({ mutations: [{ ...count, expireAt: clock.now() + 10 }] });
  await context.client.write({ mutations: [{ ...count, expireAt: clock.now() + 10 }] });
  assertEquals((await context.client.get(KEY))?.value[0], 2);
  clock.jump(10);
  const written = await context.client.write({
    checks: [{ key: KEY, versionstamp: new Uint8Array() }],
    mutations: [count],
  });
  assertEquals(typeof written, "number");
  assertEquals((await context.client.get(KEY))?.value[0], 1);
});

Deno.test("A write without an expiry takes the one before away", async () => {
  const clock = new ManualClock();
  await using context = testStore({ clock });
  await context.client.set(KEY, VALUE, clock.now() + 10);
  await context.client.set(KEY, VALUE);
  await clock.advance(10_000);
  assertEquals((await context.client.get(KEY))?.value, VALUE);
});

Deno.test("A write that has expired already is never seen", async () => {
  const clock = new ManualClock();
  await using context = testStore({ clock });
  await context.client.set(KEY, VALUE);
  await context.client.set(KEY, VALUE, 1);
  assertEquals(await context.client.get(KEY), undefined);
});

Deno.test("The sweep deletes what has expired, in small transactions, and nothing else", async () => {
  const clock = new ManualClock();
  await using context = testStore({ clock, sweepInterval: 1_000 });
  const measure = async (name: string) => {
    const metrics = await (await context.store.fetch(new Request("http://store.test/metrics"))).text();
    return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(metrics)?.[1]);
  };
  const expireAt = clock.now() + 500;
  const mutations = Array.from({ length: 700 }, (_, n) => ({
    key: bytes(`gone ${n}`),
    type: MUTATION.set,
    value: { data: VALUE, encoding: 3 },
    expireAt,
  }));
  await context.client.write({ mutations });
  await context.client.set(KEY, VALUE, clock.now() + 60_000);
  await clock.advance(999);
  assertEquals(await measure("flotilla_store_rows"), 701);
  await clock.advance(1);
  assertEquals(await measure("flotilla_store_rows"), 201);
  await clock.advance(10);
  assertEquals(await measure("flotilla_store_rows"), 1);
  assertEquals(await measure("flotilla_store_bytes"), KEY.length + VALUE.length);
  assertEquals(await measure("flotilla_store_expirations_total"), 700);
  assertStringIncludes(new TextDecoder().decode((await context.client.get(KEY))?.value), "value");
});

Deno.test("close() stops the sweep", async () => {
  const clock = new ManualClock();
  const { store } = testStore({ clock });
  assertEquals(clock.pending, 1);
  await store.close();
  assertEquals(clock.pending, 0);
});
