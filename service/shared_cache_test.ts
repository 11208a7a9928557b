import { assertEquals, assertThrows } from "@std/assert";
import { SharedCache } from "./shared_cache.ts";

const MISSING = { kind: "missing" } as const;

Deno.test("SharedCache.put() puts over what was looked up, and over nothing else", async () => {
  using kv = await Deno.openKv(":memory:");
  const cache = new SharedCache(kv);
  const first = await cache.put(["k"], 1, { over: await cache.get(["k"]), size: 1 });
  assertEquals(first.kind, "put");
  assertEquals(await cache.put(["k"], 2, { over: MISSING, size: 1 }), { kind: "refused" });
  const found = await cache.get(["k"]);
  assertEquals((await cache.put(["k"], 3, { over: found, size: 1 })).kind, "put");
  assertEquals(await cache.put(["k"], 4, { over: found, size: 1 }), { kind: "refused" });
  assertEquals((await kv.get(["k"])).value, 3);
});

Deno.test("SharedCache.put() does not try what is too large, and survives what is larger than was said", async () => {
  using kv = await Deno.openKv(":memory:");
  const cache = new SharedCache(kv);
  assertEquals(await cache.put(["k"], 1, { over: MISSING, size: 66_000 }), { kind: "failed" });
  for (let turn = 0; turn < 5; turn++) {
    assertEquals(await cache.put(["k"], "x".repeat(70_000), { over: MISSING, size: 10 }), { kind: "failed" });
  }
  assertEquals(cache.available, true);
});

Deno.test("SharedCache.put() lets entries end at different times around their time to live", async () => {
  using kv = await Deno.openKv(":memory:");
  const lifetimes: (number | undefined)[] = [];
  const spy = new Proxy(kv, {
    get(target, name) {
      const own: unknown = Reflect.get(target, name, target);
      if (name !== "atomic") return typeof own === "function" ? own.bind(target) : own;
      return () => {
        const operation = target.atomic();
        const set = operation.set.bind(operation);
        operation.set = (key, value, options) => {
          lifetimes.push(options?.expireIn);
          return set(key, value, options);
        };
        return operation;
      };
    },
  });
  for (const chance of [0, 0.5, 0.75]) {
    const cache = new SharedCache(spy, { ttl: 10_000, jitter: 0.2, random: () => chance });
    await cache.put([chance], 1, { over: MISSING, size: 1 });
  }
  assertEquals(lifetimes, [8_000, 10_000, 11_000]);
  assertThrows(() => new SharedCache(kv, { jitter: 1 }), RangeError, "got 1");
});

Deno.test("SharedCache without a cache misses everything", async () => {
  const cache = new SharedCache(undefined);
  assertEquals([await cache.get(["k"]), cache.available], [{ kind: "unavailable" }, false]);
  assertEquals(await cache.put(["k"], 1, { over: MISSING, size: 1 }), { kind: "failed" });
});
