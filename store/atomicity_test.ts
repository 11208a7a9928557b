import { assert, assertEquals, assertGreater } from "@std/assert";
import { canServe, serveStore } from "./testing/served_store.ts";
import { openWithNpmClient, testStore } from "./testing/store_client.ts";

const WRITERS = 100;

interface Counter {
  get(key: readonly string[]): Promise<{ value: unknown; versionstamp: string | null }>;
  atomic(): {
    check(check: { key: readonly string[]; versionstamp: string | null }): {
      set(key: readonly string[], value: unknown): { commit(): Promise<{ ok: boolean }> };
    };
  };
}

/** Adds one to a number by reading, checking and writing, until it was done; returns how often it was not. */
async function increment(kv: Counter, key: readonly string[]): Promise<number> {
  for (let conflicts = 0;; conflicts++) {
    const { value, versionstamp } = await kv.get(key);
    const next = (typeof value === "number" ? value : 0) + 1;
    const { ok } = await kv.atomic().check({ key, versionstamp }).set(key, next).commit();
    if (ok) return conflicts;
  }
}

Deno.test("100 writers on one key through @deno/kv lose no update", async () => {
  await using context = testStore();
  const kv = await openWithNpmClient(context.store);
  const conflicts = await Promise.all(Array.from({ length: WRITERS }, () => increment(kv, ["counter"])));
  assertEquals((await kv.get(["counter"])).value, WRITERS);
  assertGreater(Math.max(...conflicts), 0);
  kv.close();
});

Deno.test("100 writers on one key through Deno's client lose no update", { ignore: !canServe }, async () => {
  await using served = serveStore();
  const clients = await Promise.all(Array.from({ length: 5 }, () => served.open()));
  const conflicts = await Promise.all(
    Array.from({ length: WRITERS }, (_, n) => {
      const kv = clients[n % clients.length];
      assert(kv !== undefined);
      return increment(kv, ["counter"]);
    }),
  );
  assertEquals((await clients[0]?.get(["counter"]))?.value, WRITERS);
  assertGreater(Math.max(...conflicts), 0);
  for (const kv of clients) kv.close();
});

Deno.test(
  "Readers of two keys that are written together see both or neither",
  { ignore: !canServe },
  async () => {
    await using served = serveStore();
    using kv = await served.open();
    let writing = true;
    const writer = (async () => {
      for (let n = 1; n <= 100; n++) await kv.atomic().set(["left"], n).set(["right"], n).commit();
      writing = false;
    })();
    while (writing) {
      const [left, right] = await kv.getMany([["left"], ["right"]]);
      assertEquals(left?.value, right?.value);
      assertEquals(left?.versionstamp, right?.versionstamp);
    }
    await writer;
  },
);
