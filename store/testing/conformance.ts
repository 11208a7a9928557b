/**
 * What an application may expect of Deno KV, as one suite over every way to open one: Deno's own database, and a store
 * through Deno's client and through `@deno/kv`.
 *
 * Where they differ on purpose, the suite is silent:
 *
 * - a write that fails halfway (a sum on a text after a set): the store changes nothing; Deno's database keeps the part
 *   before (measured with 2.9.6)
 * - expiry: the store never shows an expired entry; Deno's database shows it until it is deleted
 * - queues: KV Connect has none
 *
 * @module
 */
import { assert, assertEquals, assertGreater, assertRejects } from "@std/assert";

type Key = readonly (string | number | bigint | boolean | Uint8Array)[];

/** An entry as both clients give it. */
export interface ConformingEntry {
  key: readonly unknown[];
  value: unknown;
  versionstamp: string | null;
}

/** The result of a write. */
export type ConformingResult = { ok: true; versionstamp: string } | { ok: false };

interface ConformingAtomic {
  check(...checks: { key: Key; versionstamp: string | null }[]): this;
  set(key: Key, value: unknown, options?: { expireIn?: number }): this;
  delete(key: Key): this;
  sum(key: Key, n: bigint): this;
  min(key: Key, n: bigint): this;
  max(key: Key, n: bigint): this;
  commit(): Promise<ConformingResult>;
}

interface ListOptions {
  limit?: number;
  cursor?: string;
  reverse?: boolean;
  batchSize?: number;
}

type Selector = { prefix: Key } | { prefix: Key; start: Key } | { prefix: Key; end: Key } | {
  start: Key;
  end: Key;
};

/** What the suite uses of a database. */
export interface ConformingKv {
  get(key: Key): Promise<ConformingEntry>;
  getMany(keys: readonly Key[]): Promise<readonly ConformingEntry[]>;
  set(key: Key, value: unknown, options?: { expireIn?: number }): Promise<{ versionstamp: string }>;
  delete(key: Key): Promise<void>;
  list(
    selector: Selector,
    options?: ListOptions,
  ): AsyncIterableIterator<ConformingEntry> & { readonly cursor: string };
  atomic(): ConformingAtomic;
  watch(keys: readonly Key[]): ReadableStream<readonly ConformingEntry[]>;
  close(): void;
}

/** A database that is open for one test. */
export interface Opened extends AsyncDisposable {
  readonly kv: ConformingKv;
}

/** Registers the suite for one way to open a database. */
export function testConformance(
  name: string,
  open: () => Promise<Opened>,
  options: { ignore?: boolean } = {},
): void {
  for (const [criterion, run] of Object.entries(SUITE)) {
    Deno.test(`${name} ${criterion}`, { ignore: options.ignore ?? false }, async () => {
      await using opened = await open();
      await run(opened.kv);
    });
  }
}

const SUITE: Readonly<Record<string, (kv: ConformingKv) => Promise<void>>> = {
  async "get() gives null for a key that is not there"(kv) {
    assertEquals(await kv.get(["none"]), { key: ["none"], value: null, versionstamp: null });
  },

  async "set() keeps every kind of value"(kv) {
    for (const value of VALUES) {
      const { versionstamp } = await kv.set(["value"], value);
      assertEquals(await kv.get(["value"]), { key: ["value"], value, versionstamp });
    }
  },

  async "set() gives versionstamps of twenty digits that grow"(kv) {
    let last = "";
    for (let round = 0; round < 20; round++) {
      const { versionstamp } = await kv.set(["round"], round);
      assert(/^[0-9a-f]{20}$/.test(versionstamp));
      assertGreater(versionstamp, last);
      last = versionstamp;
    }
  },

  async "delete() takes a key away, and one that is not there"(kv) {
    await kv.set(["gone"], 1);
    await kv.delete(["gone"]);
    await kv.delete(["gone"]);
    assertEquals((await kv.get(["gone"])).value, null);
  },

  async "atomic() commits all mutations under one versionstamp"(kv) {
    const result = await kv.atomic().set(["a"], 1).set(["b"], 2).delete(["c"]).commit();
    assert(result.ok);
    const entries = await kv.getMany([["a"], ["b"], ["c"]]);
    assertEquals(entries.map(({ value }) => value), [1, 2, null]);
    assertEquals(entries.map(({ versionstamp }) => versionstamp), [
      result.versionstamp,
      result.versionstamp,
      null,
    ]);
  },

  async "atomic() changes nothing when a check fails"(kv) {
    const { versionstamp } = await kv.set(["checked"], 1);
    await kv.set(["checked"], 2);
    const stale = await kv.atomic().check({ key: ["checked"], versionstamp }).set(["other"], 1).commit();
    const absent = await kv.atomic().check({ key: ["checked"], versionstamp: null }).set(["other"], 1)
      .commit();
    assertEquals([stale, absent], [{ ok: false }, { ok: false }]);
    assertEquals((await kv.get(["other"])).value, null);
  },

  async "atomic() commits when every check holds"(kv) {
    const { versionstamp } = await kv.set(["held"], 1);
    const operation = kv.atomic().check({ key: ["held"], versionstamp }, {
      key: ["free"],
      versionstamp: null,
    });
    assert((await operation.set(["free"], 1).commit()).ok);
  },

  async "atomic() with nothing in it commits"(kv) {
    assert((await kv.atomic().commit()).ok);
  },

  async "atomic() lets the last mutation of a key win"(kv) {
    await kv.atomic().set(["k"], 1).delete(["k"]).set(["k"], 2).commit();
    assertEquals((await kv.get(["k"])).value, 2);
    await kv.atomic().set(["k"], 3).delete(["k"]).commit();
    assertEquals((await kv.get(["k"])).value, null);
  },

  async "atomic() adds, wraps around at 2^64, and sees its own mutations"(kv) {
    await kv.atomic().sum(["n"], 5n).sum(["n"], 7n).commit();
    assertEquals(u64Of(await kv.get(["n"])), 12n);
    await kv.atomic().sum(["n"], 2n ** 64n - 1n).commit();
    assertEquals(u64Of(await kv.get(["n"])), 11n);
  },

  async "atomic() takes the least and the greatest"(kv) {
    await kv.atomic().min(["low"], 5n).min(["low"], 7n).min(["low"], 3n).commit();
    await kv.atomic().max(["high"], 5n).max(["high"], 3n).max(["high"], 2n ** 64n - 1n).commit();
    assertEquals(u64Of(await kv.get(["low"])), 3n);
    assertEquals(u64Of(await kv.get(["high"])), 2n ** 64n - 1n);
  },

  async "atomic() refuses arithmetic on other values"(kv) {
    await kv.set(["text"], "seven");
    for (const type of ["sum", "min", "max"] as const) {
      const text = `Failed to perform '${type}' mutation on a non-U64 value in the database`;
      await assertRejects(() => kv.atomic()[type](["text"], 1n).commit(), Error, text);
    }
    assertEquals((await kv.get(["text"])).value, "seven");
  },

  async "getMany() gives entries in the order of its keys"(kv) {
    await kv.atomic().set([1], "one").set([2], "two").commit();
    const entries = await kv.getMany([[2], [3], [1], [2]]);
    assertEquals(entries.map(({ key, value }) => [key, value]), [[[2], "two"], [[3], null], [[1], "one"], [[
      2,
    ], "two"]]);
  },

  async "list() gives what is under a prefix and not the prefix itself"(kv) {
    await kv.atomic().set(["p"], 0).set(["p", 1], 1).set(["p", 1, "x"], 2).set(["pp", 1], 3).set(["q"], 4)
      .commit();
    assertEquals(await keysOf(kv.list({ prefix: ["p"] })), [["p", 1], ["p", 1, "x"]]);
  },

  async "list() takes bounds, a limit and a direction"(kv) {
    await fill(kv, 10);
    const select = async (selector: Selector, options: ListOptions = {}) =>
      (await keysOf(kv.list(selector, options))).map(([, n]) => n);
    assertEquals(await select({ start: ["n", 3], end: ["n", 6] }), [3, 4, 5]);
    assertEquals(await select({ prefix: ["n"], start: ["n", 8] }), [8, 9]);
    assertEquals(await select({ prefix: ["n"], end: ["n", 2] }), [0, 1]);
    assertEquals(await select({ prefix: ["n"] }, { limit: 2 }), [0, 1]);
    assertEquals(await select({ prefix: ["n"] }, { limit: 2, reverse: true }), [9, 8]);
    assertEquals(await select({ start: ["n", 6], end: ["n", 3] }).catch(() => []), []);
  },

  async "list() goes through batches and on from a cursor"(kv) {
    await fill(kv, 25);
    assertEquals((await keysOf(kv.list({ prefix: ["n"] }, { batchSize: 4 }))).length, 25);
    for (const reverse of [false, true]) {
      const first = kv.list({ prefix: ["n"] }, { limit: 10, reverse });
      const begun = await keysOf(first);
      const rest = await keysOf(kv.list({ prefix: ["n"] }, { cursor: first.cursor, reverse, batchSize: 3 }));
      const expected = Array.from({ length: 25 }, (_, n) => reverse ? 24 - n : n);
      assertEquals([...begun, ...rest].map(([, n]) => n), expected);
    }
  },

  async "list() reads up to a thousand entries in one batch"(kv) {
    await fill(kv, 1_000);
    assertEquals((await keysOf(kv.list({ prefix: ["n"] }, { batchSize: 1_000 }))).length, 1_000);
  },

  async "set() with expireIn keeps the entry until then"(kv) {
    await kv.set(["short"], 1, { expireIn: 60_000 });
    assertEquals((await kv.get(["short"])).value, 1);
  },

  async "set() takes a value of 65,536 bytes and refuses more"(kv) {
    assert((await kv.set(["big"], new Uint8Array(65_536))).versionstamp);
    await assertRejects(() => kv.set(["big"], new Uint8Array(65_537)), Error);
  },

  async "set() takes a key of 2,048 bytes and refuses more"(kv) {
    // A byte string takes its length and two bytes more.
    await kv.set([new Uint8Array(2_046).fill(1)], 1);
    assertEquals((await kv.get([new Uint8Array(2_046).fill(1)])).value, 1);
    await assertRejects(() => kv.set([new Uint8Array(2_047).fill(1)], 1), Error);
  },

  async "atomic() takes 100 checks, 1,000 mutations and 819,200 bytes, and refuses more"(kv) {
    const checks = (count: number) => {
      const operation = kv.atomic();
      for (let n = 0; n < count; n++) operation.check({ key: ["none", n], versionstamp: null });
      return operation;
    };
    assert((await checks(100).set(["checked"], 1).commit()).ok);
    await assertRejects(() => checks(101).commit(), Error);
    await fill(kv, 1_000);
    await assertRejects(() => fill(kv, 1_001), Error);
    const large = kv.atomic();
    for (let n = 0; n < 13; n++) large.set(["large", n], new Uint8Array(64_000));
    await assertRejects(() => large.commit(), Error);
  },

  async "watch() gives what is there, and then each change"(kv) {
    await kv.set(["w", 1], "first");
    const reader = kv.watch([["w", 1], ["w", 2]]).getReader();
    const next = async () => (await reader.read()).value?.map(({ value }) => value);
    assertEquals(await next(), ["first", null]);
    await kv.set(["w", 2], "second");
    assertEquals(await next(), ["first", "second"]);
    await kv.delete(["w", 1]);
    assertEquals(await next(), [null, "second"]);
    await reader.cancel();
  },
};

const VALUES: readonly unknown[] = [
  "text",
  "",
  0,
  -1.5,
  NaN,
  true,
  null,
  2n ** 100n,
  -1n,
  new Uint8Array([0, 1, 255]),
  new Date(0),
  /x/g,
  [1, [2]],
  { a: { b: "c" }, u: undefined },
  new Map<unknown, unknown>([["k", new Set([1])]]),
];

async function fill(kv: ConformingKv, count: number): Promise<void> {
  const operation = kv.atomic();
  for (let n = 0; n < count; n++) operation.set(["n", n], n);
  assert((await operation.commit()).ok);
}

async function keysOf(entries: AsyncIterable<ConformingEntry>): Promise<(readonly unknown[])[]> {
  const keys: (readonly unknown[])[] = [];
  for await (const { key } of entries) keys.push(key);
  return keys;
}

/** A 64-bit integer as either client gives it: each has a class of its own. */
function u64Of({ value }: ConformingEntry): bigint | undefined {
  const inner = typeof value === "object" && value !== null && "value" in value ? value.value : undefined;
  return typeof inner === "bigint" ? inner : undefined;
}
