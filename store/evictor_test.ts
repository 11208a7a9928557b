import { assertEquals, assertGreater, assertLess, assertThrows } from "@std/assert";
import { Evictor } from "./evictor.ts";
import { bytes, testStore } from "./testing/store_client.ts";

const VALUE = new Uint8Array(1_000);
const MAX_BYTES = 100 * 1_100;

type Context = ReturnType<typeof testStore>;

const key = (n: number) => bytes(`k${`${n}`.padStart(5, "0")}`);

async function measure(context: Context, name: string): Promise<number> {
  const metrics = await (await context.store.fetch(new Request("http://store.test/metrics"))).text();
  return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(metrics)?.[1]);
}

Deno.test("A bounded store never holds more than its bound", async () => {
  await using context = testStore({ maxBytes: MAX_BYTES });
  for (let n = 0; n < 400; n++) {
    await context.client.set(key(n), VALUE);
    const [rows, size] = [
      await measure(context, "flotilla_store_rows"),
      await measure(context, "flotilla_store_bytes"),
    ];
    assertLess(size + rows * 64, MAX_BYTES + 1);
  }
  const rows = await measure(context, "flotilla_store_rows");
  assertGreater(rows, 90);
  assertEquals(await measure(context, "flotilla_store_evictions_total"), 400 - rows);
});

Deno.test("A bounded store keeps what is read, and lets go of what is not", async () => {
  await using context = testStore({ maxBytes: MAX_BYTES });
  const used = Array.from({ length: 20 }, (_, n) => key(n * 5));
  for (let n = 0; n < 100; n++) await context.client.set(key(n), VALUE);
  for (let n = 100; n < 1_000; n++) {
    await context.client.set(key(n), VALUE);
    if (n % 10 === 0) { for (const hot of used) await context.client.get(hot); }
  }
  const kept = await Promise.all(used.map((hot) => context.client.get(hot)));
  assertEquals(kept.filter((entry) => entry === undefined).length, 0);
  assertEquals(await context.client.get(key(1)), undefined);
});

Deno.test("A bounded store takes in a new entry even when every other was used", async () => {
  await using context = testStore({ maxBytes: MAX_BYTES });
  for (let n = 0; n < 102; n++) await context.client.set(key(n), VALUE);
  for (let n = 102; n < 112; n++) {
    for (let used = 0; used < n; used++) await context.client.get(key(used));
    await context.client.set(key(n), VALUE);
    assertEquals((await context.client.get(key(n)))?.value.length, VALUE.length);
  }
});

Deno.test("A watch tells an eviction", async () => {
  await using context = testStore({ maxBytes: MAX_BYTES });
  await context.client.set(key(0), VALUE);
  const watch = await context.client.watch(key(0));
  assertEquals((await watch.next()).length, 1);
  const next = watch.next();
  for (let n = 1; n < 250; n++) await context.client.set(key(n), VALUE);
  assertEquals(await next, [undefined]);
  await watch.cancel();
});

Deno.test("An entry larger than the whole bound is not kept", async () => {
  await using context = testStore({ maxBytes: 500 });
  assertEquals(typeof await context.client.set(key(0), VALUE), "number");
  assertEquals(await context.client.get(key(0)), undefined);
});

Deno.test("Evictor refuses a bound that is none", () => {
  for (const maxBytes of [0, -1, 1.5, NaN]) {
    assertThrows(() => new Evictor(maxBytes), RangeError, `got ${maxBytes}`);
  }
});
