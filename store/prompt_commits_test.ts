import { openKv } from "@flotilla/runtime";
import { assert, assertEquals } from "@std/assert";
import { canServe, serveStore } from "./testing/served_store.ts";

const ignore = !canServe;

/** Large enough for the way over `fetch`. */
const LARGE = "x".repeat(2_000);

Deno.test("openKv() writes what is large as Deno's own client would", { ignore }, async () => {
  await using served = serveStore();
  using kv = await openKv(served.url);
  using own = await served.open();
  const values = [
    { text: LARGE, list: [1, -0, null, undefined, 12n, true, { deep: "é€😀" }] },
    new Uint8Array(2_000).fill(7),
    { text: LARGE, bytes: new Uint8Array([1, 2, 3]), floats: new Float64Array([1.5]) },
    new Map([[LARGE, new Date(5)]]),
    new Deno.KvU64(5n),
    LARGE,
  ];
  for (const value of values) {
    await kv.atomic().set(["pad"], LARGE).set(["value"], value).commit();
    const written = (await own.get(["value"])).value;
    await own.set(["value"], value);
    assertEquals(written, (await own.get(["value"])).value);
    assertEquals(written, value);
  }
});

Deno.test("openKv() judges the checks of a large write", { ignore }, async () => {
  await using served = serveStore();
  using kv = await openKv(served.url);
  const first = await kv.atomic().check({ key: ["a"], versionstamp: null }).set(["a"], LARGE).commit();
  const second = await kv.atomic().check({ key: ["a"], versionstamp: null }).set(["a"], `${LARGE}!`).commit();
  assert(first.ok);
  assertEquals(second.ok, false);
  assertEquals(await kv.get(["a"]), { key: ["a"], value: LARGE, versionstamp: first.versionstamp });
});

Deno.test("openKv() puts a versionstamp into the key of a large write", { ignore }, async () => {
  await using served = serveStore();
  using kv = await openKv(served.url);
  const result = await kv.atomic().set(["log", kv.commitVersionstamp()], LARGE).commit();
  assert(result.ok);
  assertEquals((await kv.get(["log", result.versionstamp])).value, LARGE);
});
