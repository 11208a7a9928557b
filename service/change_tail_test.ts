import { systemClock } from "@flotilla/runtime";
import { assertEquals, assertNotEquals } from "@std/assert";
import { ChangeTail, type ChangeTailOptions, type Position } from "./change_tail.ts";
import { LATEST_KEY } from "./keyspace.ts";
import { encodeValue } from "./record.ts";
import { RecordDatabase } from "./record_database.ts";
import { RecordWriter } from "./record_writer.ts";
import { seedDatabase } from "./seed.ts";
import { countingKv } from "./service_fixture.ts";

async function setUp(options: ChangeTailOptions = {}) {
  const { counts, wrap } = countingKv();
  const kv = await Deno.openKv(":memory:");
  const database = new RecordDatabase(wrap(kv), () => seedDatabase(kv, 0));
  const other = new RecordDatabase(kv, () => seedDatabase(kv, 0));
  const writer = new RecordWriter(other, new ChangeTail(other), { clock: systemClock });
  const put = (...ids: string[]) =>
    writer.write({
      ids,
      decide(draft) {
        const content = { owner: "a", access: "public", sharedWith: [], json: encodeValue(1) } as const;
        for (const id of ids) draft.put(id, content);
      },
    });
  const tail = new ChangeTail(database, options);
  return { kv, counts, put, tail, start: await tail.fence(), [Symbol.dispose]: () => kv.close() };
}

Deno.test("ChangeTail.fence() is at the end of the log, wherever it was written", async () => {
  using all = await setUp();
  const { tail, put, start } = all;
  assertEquals(start.seq, 1);
  await put("a", "b");
  assertEquals(await tail.fence(), { ...start, seq: 3 });
});

Deno.test("ChangeTail.fence() begins its read after the call", async () => {
  using all = await setUp();
  const { tail, put } = all;
  const early = tail.fence();
  await put("a");
  const late = tail.fence();
  assertEquals((await late).seq, 2);
  await early;
});

Deno.test("ChangeTail.fence() makes one read for all who wait", async () => {
  using all = await setUp();
  const { tail, counts } = all;
  const before = counts.get;
  await Promise.all(Array.from({ length: 100 }, () => tail.fence()));
  assertEquals(counts.get - before, 1);
});

Deno.test("ChangeTail.unchangedSince() tells what has changed from what has not", async () => {
  using all = await setUp();
  const { tail, put, start } = all;
  await put("a");
  const middle = await tail.fence();
  await put("b");
  await tail.fence();
  const told = (id: string) => [tail.unchangedSince(id, start), tail.unchangedSince(id, middle)];
  assertEquals([told("a"), told("b"), told("c")], [[false, true], [false, false], [true, true]]);
});

Deno.test("ChangeTail.unchangedSince() does not vouch for a position ahead of it or in another life", async () => {
  using all = await setUp();
  const { tail, start } = all;
  assertEquals(tail.unchangedSince("x", { ...start, seq: 2 }), false);
  assertEquals(tail.unchangedSince("x", { ...start, epoch: "other" }), false);
});

Deno.test("ChangeTail.rangeUnchangedSince() looks at the range alone", async () => {
  using all = await setUp();
  const { tail, put, start } = all;
  await put("m");
  await tail.fence();
  const unchanged = (prefix: string, after: string, last?: string, asOf: Position = start) =>
    tail.rangeUnchangedSince({ prefix, after }, last, asOf);
  assertEquals([unchanged("", ""), unchanged("m", ""), unchanged("", "a", "z")], [false, false, false]);
  assertEquals([unchanged("", "m"), unchanged("", "", "l"), unchanged("n", "")], [true, true, true]);
  assertEquals(unchanged("", "", undefined, tail.position), true);
});

Deno.test("ChangeTail.rangeUnchangedSince() does not look through more changes than it may", async () => {
  using all = await setUp({ scanLimit: 2 });
  const { tail, put, start } = all;
  await put("a", "b", "c");
  await tail.fence();
  assertEquals(tail.rangeUnchangedSince({ prefix: "x", after: "" }, undefined, start), false);
});

Deno.test("ChangeTail vouches for nothing from before what it remembers", async () => {
  using all = await setUp({ capacity: 4, history: 0 });
  const { tail, put, start } = all;
  const positions: Position[] = [start];
  for (const id of ["a", "b", "c", "d", "e", "f"]) {
    await put(id);
    positions.push(await tail.fence());
  }
  const vouched = positions.map((position) => tail.unchangedSince("x", position));
  assertEquals(vouched, [false, false, true, true, true, true, true]);
  assertEquals(tail.since(start.seq), undefined);
  assertEquals(tail.since(positions[3]?.seq ?? 0)?.map(({ id }) => id), ["d", "e", "f"]);
});

Deno.test("ChangeTail skips what it was too far behind to read", async () => {
  using all = await setUp({ capacity: 3, history: 0 });
  const { tail, put, start } = all;
  await put("a", "b", "c", "d", "e");
  assertEquals((await tail.fence()).seq, 6);
  assertEquals(tail.unchangedSince("x", start), false);
  assertEquals(tail.unchangedSince("x", tail.position), true);
});

Deno.test("ChangeTail begins with a little of what came before it", async () => {
  using all = await setUp();
  const { kv, put, start } = all;
  await put("a", "b", "c");
  const late = new ChangeTail(new RecordDatabase(kv, () => Promise.resolve()), { history: 2 });
  await late.fence();
  assertEquals(late.since(2)?.map(({ id }) => id), ["b", "c"]);
  assertEquals([late.unchangedSince("x", { ...start, seq: 2 }), late.unchangedSince("x", start)], [
    true,
    false,
  ]);
});

Deno.test("ChangeTail.readAhead() takes up what the log holds, and no fence is behind it", async () => {
  using all = await setUp();
  const { tail, put, start } = all;
  await put("a", "b");
  await tail.readAhead();
  assertEquals([tail.position, tail.unchangedSince("b", start)], [{ ...start, seq: 3 }, false]);
  await put("c");
  await Promise.all([tail.readAhead(), tail.fence(), tail.readAhead()]);
  assertEquals([tail.position.seq, tail.since(3)?.map(({ id }) => id)], [4, ["c"]]);
});

Deno.test("ChangeTail.extend() takes up what follows, and nothing else", async () => {
  using all = await setUp();
  const { tail, put, start } = all;
  const change = {
    id: "a",
    type: "put",
    at: 0,
    commit: "c",
    scope: { owner: "o", access: "public", sharedWith: [] },
  } as const;
  tail.extend({ ...start, seq: 0 }, [change]);
  tail.extend({ ...start, epoch: "other" }, [change]);
  assertEquals(tail.position, start);
  await put("a");
  tail.extend(start, [change]);
  assertEquals([tail.position.seq, tail.unchangedSince("a", start)], [2, false]);
  assertEquals((await tail.fence()).seq, 2);
});

Deno.test("ChangeTail gives a database that went back in time a new epoch, and uses no number twice", async () => {
  using all = await setUp();
  const { kv, tail, put, start } = all;
  await put("a", "b", "c");
  const before = await tail.fence();
  await kv.set(LATEST_KEY, start);
  const after = await tail.fence();
  assertNotEquals(after.epoch, before.epoch);
  assertEquals(after.seq, before.seq);
  assertEquals(tail.unchangedSince("x", before), false);
});

Deno.test("ChangeTail begins anew when the database is another", async () => {
  using all = await setUp();
  const { kv, tail, put, start } = all;
  await put("a");
  await tail.fence();
  for await (const { key } of kv.list({ prefix: ["data"] })) await kv.delete(key);
  const after = await tail.fence();
  assertEquals([after.seq, after.epoch === start.epoch], [1, false]);
});

Deno.test("ChangeTail.fence() works again after the database failed", async () => {
  using all = await setUp();
  const { kv, put, tail } = all;
  let broken = true;
  const flaky = new RecordDatabase(
    new Proxy(kv, {
      get(target, name) {
        if (name === "get" && broken) return () => Promise.reject(new Error("away"));
        const own: unknown = Reflect.get(target, name, target);
        return typeof own === "function" ? own.bind(target) : own;
      },
    }),
    () => Promise.resolve(),
  );
  const other = new ChangeTail(flaky);
  const outcomes = await Promise.allSettled([other.fence(), other.fence()]);
  assertEquals(outcomes.map(({ status }) => status), ["rejected", "rejected"]);
  broken = false;
  await put("a");
  assertEquals(await other.fence(), await tail.fence());
});
