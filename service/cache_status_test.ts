import { assertEquals } from "@std/assert";
import { cacheFields, cacheStatus, readOptionsOf } from "./cache_status.ts";
import type { Found } from "./tiered_cache.ts";

const found = (part: Partial<Found<null>>): Found<null> => ({
  value: null,
  layer: "near",
  age: 0,
  stored: false,
  collapsed: false,
  ...part,
});

Deno.test("cacheStatus() names the caches from the database outwards (RFC 9211, section 2)", () => {
  assertEquals(cacheStatus(found({})), "flotilla-near; hit");
  assertEquals(cacheStatus(found({ age: 1 })), "flotilla-near; hit; detail=stale");
  assertEquals(
    cacheStatus(found({ layer: "shared", nearMiss: "stale" })),
    "flotilla-shared; hit, flotilla-near; fwd=stale",
  );
  assertEquals(
    cacheStatus(
      found({ layer: "database", nearMiss: "uri-miss", sharedMiss: "stale", stored: true, collapsed: true }),
    ),
    "flotilla-shared; fwd=stale; stored, flotilla-near; fwd=uri-miss; collapsed",
  );
});

Deno.test("cacheFields() tells the farthest way and the highest age of an answer in parts", () => {
  const fields = cacheFields(
    found({ age: 1_200 }),
    found({ layer: "database", nearMiss: "stale", sharedMiss: "bypass" }),
    found({ layer: "shared" }),
  );
  assertEquals([fields.age, fields["cache-status"]], [
    "2",
    "flotilla-shared; fwd=bypass, flotilla-near; fwd=stale",
  ]);
});

Deno.test("readOptionsOf() reads max-stale and no-cache (RFC 9111, section 5.2.1)", () => {
  const read = (value?: string) =>
    readOptionsOf(new Headers(value === undefined ? {} : { "cache-control": value }));
  assertEquals(read(), { maxStale: 0, bypass: false });
  assertEquals(read("max-stale=5"), { maxStale: 5_000, bypass: false });
  assertEquals(read('No-Transform, MAX-STALE="7"'), { maxStale: 7_000, bypass: false });
  assertEquals(read("max-stale"), { maxStale: 86_400_000, bypass: false });
  assertEquals(read("no-cache"), { maxStale: 0, bypass: true });
  for (const nonsense of ["max-stale=-1", "max-stale=x", "max-stale=1.5", "no-cache-please"]) {
    assertEquals(read(nonsense), { maxStale: 0, bypass: false });
  }
});
