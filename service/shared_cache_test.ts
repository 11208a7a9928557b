import { KvRefusedError, MAX_READ_KEYS } from "@flotilla/runtime";
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

/** Counts calls of a KV. */
function counting(
  kv: Deno.Kv,
): { readonly counts: { getMany: number; atomic: number }; readonly kv: Deno.Kv } {
  const counts = { getMany: 0, atomic: 0 };
  const counted = new Proxy(kv, {
    get(target, name) {
      if (name === "getMany" || name === "atomic") counts[name]++;
      const own: unknown = Reflect.get(target, name, target);
      return typeof own === "function" ? own.bind(target) : own;
    },
  });
  return { counts, kv: counted };
}

Deno.test("SharedCache looks up and puts together what is asked for in one turn", async () => {
  using real = await Deno.openKv(":memory:");
  const { counts, kv } = counting(real);
  const cache = new SharedCache(kv);
  const numbers = Array.from({ length: MAX_READ_KEYS }, (_, index) => index);
  const puts = await Promise.all(
    numbers.map((number) => cache.put([number], number, { over: MISSING, size: 1 })),
  );
  assertEquals(puts.map(({ kind }) => kind), Array(MAX_READ_KEYS).fill("put"));
  const found = await Promise.all(numbers.map((number) => cache.get<number>([number])));
  assertEquals(found.map((lookup) => lookup.kind === "found" && lookup.value), numbers);
  assertEquals(counts, { getMany: 1, atomic: 1 });
});

Deno.test("SharedCache.put() puts the others when one of those put together is refused", async () => {
  using kv = await Deno.openKv(":memory:");
  await kv.set(["b"], "another's");
  const cache = new SharedCache(kv);
  const puts = await Promise.all(
    ["a", "b", "c"].map((key) => cache.put([key], 1, { over: MISSING, size: 1 })),
  );
  assertEquals(puts.map(({ kind }) => kind), ["put", "refused", "put"]);
  assertEquals((await kv.get(["b"])).value, "another's");
});

Deno.test("SharedCache.put() asks for no more checks than the server takes, once it was refused", async () => {
  using real = await Deno.openKv(":memory:");
  const sizes: number[] = [];
  const atomic = () => {
    const operation = real.atomic();
    const [check, commit] = [operation.check.bind(operation), operation.commit.bind(operation)];
    let checks = 0;
    operation.check = (...more) => {
      checks += more.length;
      return check(...more);
    };
    operation.commit = () => {
      sizes.push(checks);
      return checks > 10 ? Promise.reject(new KvRefusedError(400, "Too many checks")) : commit();
    };
    return operation;
  };
  const kv = new Proxy(real, {
    get: (target, name) => name === "atomic" ? atomic : Reflect.get(target, name),
  });
  const cache = new SharedCache(kv);
  const putAll = (name: string) =>
    Promise.all(
      Array.from({ length: 16 }, (_, n) => cache.put([name, n], 1, { over: MISSING, size: 1 })),
    );
  assertEquals(new Set((await putAll("a")).map(({ kind }) => kind)), new Set(["put"]));
  assertEquals(new Set((await putAll("b")).map(({ kind }) => kind)), new Set(["put"]));
  assertEquals([sizes, cache.available], [[16, 8, 8, 8, 8], true]);
});

Deno.test("SharedCache.put() puts apart what is too large together", async () => {
  using real = await Deno.openKv(":memory:");
  const { counts, kv } = counting(real);
  const cache = new SharedCache(kv);
  const large = "x".repeat(60_000);
  const puts = await Promise.all(
    Array.from({ length: 8 }, (_, index) => cache.put([index], large, { over: MISSING, size: large.length })),
  );
  assertEquals(puts.map(({ kind }) => kind), Array(8).fill("put"));
  // Four together are small enough.
  assertEquals(counts.atomic, 2);
});
