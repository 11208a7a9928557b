import { systemClock } from "@flotilla/runtime";
import { eventually } from "@flotilla/runtime/testing";
import { assertEquals, assertRejects } from "@std/assert";
import { ChangeTail } from "./change_tail.ts";
import { encodeValue } from "./record.ts";
import { RecordDatabase } from "./record_database.ts";
import { RecordWriter } from "./record_writer.ts";
import { seedDatabase } from "./seed.ts";
import { SharedCache } from "./shared_cache.ts";
import type { Reading, Subject } from "./shared_layer.ts";
import { TieredCache } from "./tiered_cache.ts";

/** Services that cache one number, the version of record `x`, and whose reads of the database a test can hold up. */
async function setUp() {
  const kv = await Deno.openKv(":memory:");
  const cacheKv = await Deno.openKv(":memory:");
  const database = new RecordDatabase(kv, () => seedDatabase(kv, 0));
  const writer = new RecordWriter(database, new ChangeTail(database), { clock: systemClock });
  const write = () =>
    writer.write({
      ids: ["x"],
      decide: (draft) =>
        draft.put("x", { owner: "a", access: "public", sharedWith: [], json: encodeValue(1) }).version,
    });
  function start() {
    const tail = new ChangeTail(database);
    const events: string[] = [];
    const note = (what: string) => (layer: string) => void events.push(`${what} ${layer}`);
    const cache = new TieredCache<number, number>({
      kind: "test",
      shared: new SharedCache(cacheKv),
      tail,
      nearBytes: 1_000_000,
      prepare: (value) => ({ value, weight: 10 }),
      observer: {
        hit: note("hit"),
        miss: note("miss"),
        coalesced: note("coalesced"),
        refused: note("refused"),
        stale: note("stale"),
      },
    });
    const held = { hold: undefined as (() => Promise<void>) | undefined, loads: 0 };
    const subject: Subject<number> = {
      name: "x",
      stands: (_value, asOf) => tail.unchangedSince("x", asOf),
      async load(): Promise<Reading<number>> {
        held.loads++;
        const { latest, record } = await database.record("x");
        await held.hold?.();
        return {
          value: record?.version ?? 0,
          asOf: { seq: latest.seq, epoch: latest.epoch },
          at: Date.now(),
          size: 10,
        };
      },
    };
    return { tail, events, held, subject, read: () => cache.read(subject) };
  }
  return {
    write,
    start,
    [Symbol.dispose]() {
      kv.close();
      cacheKv.close();
    },
  };
}

Deno.test("TieredCache does not keep what a slow reader read before a write that is known", async () => {
  using all = await setUp();
  const { write, start } = all;
  const { read, held, events } = start();
  const { promise, resolve } = Promise.withResolvers<void>();
  held.hold = () => promise;
  const slow = read();
  await eventually(() => held.loads === 1);
  const version = await write();
  const next = read();
  await eventually(() => events.filter((event) => event === "miss near").length === 2);
  held.hold = undefined;
  resolve();
  assertEquals((await slow).value, 0);
  assertEquals((await next).value, version);
  assertEquals(events.includes("refused near"), true);
  assertEquals((await read()).value, version);
});

Deno.test("TieredCache does not use what a slow reader put into the shared cache after a write", async () => {
  using all = await setUp();
  const { write, start } = all;
  const [slow, other] = [start(), start()];
  const { promise, resolve } = Promise.withResolvers<void>();
  slow.held.hold = () => promise;
  const early = slow.read();
  await eventually(() => slow.held.loads === 1);
  const version = await write();
  resolve();
  assertEquals([(await early).value, (await early).stored], [0, true]);
  const late = await other.read();
  assertEquals([late.value, late.sharedMiss], [version, "stale"]);
});

Deno.test("TieredCache does not replace what another service put meanwhile", async () => {
  using all = await setUp();
  const { write, start } = all;
  const [slow, quick] = [start(), start()];
  const { promise, resolve } = Promise.withResolvers<void>();
  slow.held.hold = () => promise;
  const early = slow.read();
  await eventually(() => slow.held.loads === 1);
  const version = await write();
  const found = await quick.read();
  assertEquals([found.value, found.layer], [version, "database"]);
  resolve();
  await early;
  assertEquals(slow.events.includes("refused shared"), true);
  assertEquals((await start().read()).layer, "shared");
});

Deno.test("TieredCache lets others read when a fill failed", async () => {
  using all = await setUp();
  const { read, held } = all.start();
  held.hold = () => Promise.reject(new RangeError("no"));
  await assertRejects(read, RangeError);
  held.hold = undefined;
  assertEquals((await read()).layer, "database");
});

Deno.test("TieredCache reads again what a joined fill read before the reader came", async () => {
  using all = await setUp();
  const { write, start } = all;
  const { read, held } = start();
  const { promise, resolve } = Promise.withResolvers<void>();
  held.hold = () => promise;
  const early = Array.from({ length: 3 }, read);
  await eventually(() => held.loads === 1);
  const version = await write();
  const late = Array.from({ length: 3 }, read);
  held.hold = undefined;
  resolve();
  assertEquals((await Promise.all(late)).map(({ value }) => value), [version, version, version]);
  await Promise.all(early);
  assertEquals(held.loads, 2);
});

Deno.test("TieredCache holds near only what it has room for, and gives up what was not used for longest", async () => {
  using kv = await Deno.openKv(":memory:");
  const database = new RecordDatabase(kv, () => seedDatabase(kv, 0));
  const tail = new ChangeTail(database);
  // Each entry counts 208 bytes besides its own and its name's: three of 2,000 fit.
  const cache = new TieredCache<string, string>({
    kind: "test",
    shared: new SharedCache(undefined),
    tail,
    nearBytes: 8_000,
    prepare: (value, name) => ({ value, weight: name === "vast" ? 10_000 : 2_000 }),
  });
  const layerOf = async (name: string) => {
    const load = () => Promise.resolve({ value: name, asOf: tail.position, at: 0, size: 1 });
    return (await cache.read({ name, stands: () => true, load })).layer;
  };
  for (const name of ["a", "b", "c", "a", "d"]) await layerOf(name);
  assertEquals(await layerOf("a"), "near");
  assertEquals(await layerOf("b"), "database");
  assertEquals([await layerOf("vast"), await layerOf("vast")], ["database", "database"]);
  assertEquals(await layerOf("b"), "near");
});
