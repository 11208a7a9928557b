import { kvAccessToken } from "@flotilla/runtime";
import { KvRefusedError } from "@flotilla/runtime/kv_connect";
import { ManualClock } from "@flotilla/runtime/testing";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { createStore } from "./store.ts";
import { canServe, connectTo, type ServedStore, serveStore } from "./testing/served_store.ts";
import { watchedExpiry } from "./testing/watched_expiry.ts";

interface Clients {
  readonly served: ServedStore;
  readonly ours: Deno.Kv;
  readonly denos: Deno.Kv;
}

/** Both clients of one store. */
function testBoth(name: string, run: (clients: Clients) => Promise<void>): void {
  Deno.test(name, { ignore: !canServe }, async () => {
    await using served = serveStore();
    using ours = await connectTo(served);
    using denos = await served.open();
    await run({ served, ours, denos });
  });
}

const VALUES: readonly unknown[] = [
  "text",
  "é€😀\0",
  "x".repeat(5_000),
  0,
  -0,
  -1.5,
  2 ** 40,
  NaN,
  true,
  null,
  undefined,
  -(2n ** 100n),
  new Date(5),
  /x/gi,
  new Uint8Array([0, 1, 255]),
  new Uint8Array(),
  new Float64Array([1.5, -2]),
  new Deno.KvU64(2n ** 64n - 1n),
  new Map<unknown, unknown>([["k", new Set([1])], [{ a: 1 }, new Uint8Array([7])]]),
  {
    text: "é",
    list: [1, -0, null, undefined, 12n, { deep: "€" }],
    bytes: new Uint8Array([1, 2]),
    when: new Date(1),
  },
  // deno-lint-ignore no-sparse-arrays -- a gap is not undefined
  [1, , 3],
  new Error("kept"),
];

testBoth("Each client reads what the other wrote", async ({ ours, denos }) => {
  for (const value of VALUES) {
    await ours.set(["value"], value);
    const byDeno = await denos.get(["value"]);
    assertEquals(await ours.get(["value"]), byDeno);
    await denos.set(["value"], value);
    assertEquals((await denos.get(["value"])).value, byDeno.value);
    assertEquals((await ours.get(["value"])).value, byDeno.value);
  }
});

testBoth("Each client reads any value that the other wrote", async ({ ours, denos }) => {
  const values = fc.anything({ withBigInt: true, withDate: true, withMap: true, withTypedArray: true });
  await fc.assert(
    fc.asyncProperty(values, async (value) => {
      await Promise.all([ours.set(["ours"], value), denos.set(["denos"], value)]);
      const [one, other] = await denos.getMany([["ours"], ["denos"]]);
      assertEquals(one.value, other.value);
      const [third, fourth] = await ours.getMany([["ours"], ["denos"]]);
      assertEquals([third.value, fourth.value], [one.value, other.value]);
    }),
    { numRuns: 150 },
  );
});

/** What both clients refuse before anything is sent, or the store does. */
const REFUSED: Readonly<Record<string, (kv: Deno.Kv) => Promise<unknown>>> = {
  "eleven keys at once": (kv) => kv.getMany(Array.from({ length: 11 }, (_, n) => [n])),
  "a key that is too long to be read": (kv) => kv.get(["x".repeat(3_000)]),
  "a key that is too long to be written": (kv) => kv.set(["x".repeat(3_000)], 1),
  "an empty key": (kv) => kv.set([], 1),
  "a value that is too large": (kv) => kv.set(["a"], "x".repeat(70_000)),
  "bytes that are too many": (kv) => kv.set(["a"], new Uint8Array(65_537)),
  "101 checks": (kv) => {
    const operation = kv.atomic();
    for (let n = 0; n < 101; n++) operation.check({ key: [n], versionstamp: null });
    return operation.commit();
  },
  "1,001 mutations": (kv) => {
    const operation = kv.atomic();
    for (let n = 0; n < 1_001; n++) operation.delete([n]);
    return operation.commit();
  },
  "819,201 bytes": (kv) => {
    const operation = kv.atomic();
    for (let n = 0; n < 14; n++) operation.set([n], new Uint8Array(60_000));
    return operation.commit();
  },
  "81,921 bytes of keys": (kv) => {
    const operation = kv.atomic();
    for (let n = 0; n < 41; n++) operation.set([n, new Uint8Array(2_000).fill(1)], 1);
    return operation.commit();
  },
  "a limit of zero": (kv) => Array.fromAsync(kv.list({ prefix: [] }, { limit: 0 })),
  "a batch of none": (kv) => Array.fromAsync(kv.list({ prefix: [] }, { batchSize: 0 })),
  "a batch of 1,001": (kv) => Array.fromAsync(kv.list({ prefix: [] }, { batchSize: 1_001 })),
  "a start behind the end": (kv) => Array.fromAsync(kv.list({ start: ["b"], end: ["a"] })),
  "a start outside the prefix": (kv) => Array.fromAsync(kv.list({ prefix: ["a"], start: ["b"] })),
  "an end outside the prefix": (kv) => Array.fromAsync(kv.list({ prefix: ["a"], end: ["b"] })),
  "a cursor that is none": (kv) => Array.fromAsync(kv.list({ prefix: ["a"] }, { cursor: "!" })),
  "a cursor out of bounds": (kv) => {
    const { start, end } = { start: ["b"], end: ["d"] };
    return Array.fromAsync(kv.list({ start, end }, { cursor: "AmEA" }));
  },
};

for (const [criterion, refused] of Object.entries(REFUSED)) {
  testBoth(`Our client refuses ${criterion} as Deno's does`, async ({ ours, denos }) => {
    const errorOf = async (kv: Deno.Kv) => {
      const error = await assertRejects(async () => void await refused(kv), Error);
      assert(error instanceof Error);
      return `${error.constructor.name}: ${error.message}`;
    };
    assertEquals(await errorOf(ours), await errorOf(denos));
  });
}

testBoth("Each client goes on with a list that the other began", async ({ ours, denos }) => {
  const operation = ours.atomic();
  for (let n = 0; n < 30; n++) operation.set(["n", n, "é"], n);
  await operation.commit();
  const selectors: Deno.KvListSelector[] = [
    { prefix: ["n"] },
    { prefix: ["n"], start: ["n", 3] },
    { prefix: ["n"], end: ["n", 25] },
    { start: ["n", 2], end: ["n", 28] },
  ];
  for (const selector of selectors) {
    for (const reverse of [false, true]) {
      for (const [one, other] of [[ours, denos], [denos, ours]] as const) {
        const all = await Array.fromAsync(other.list(selector, { reverse }));
        const begun = one.list(selector, { limit: 7, reverse, batchSize: 3 });
        const first = await Array.fromAsync(begun);
        const rest = other.list(selector, { cursor: begun.cursor, reverse });
        assertEquals([...first, ...await Array.fromAsync(rest)], all);
        assertEquals(rest.cursor, "");
      }
    }
  }
  const [mine, theirs] = [ours.list({ prefix: ["n"] }), denos.list({ prefix: ["n"] })];
  await Promise.all([mine.next(), theirs.next()]);
  assertEquals(mine.cursor, theirs.cursor);
});

testBoth("Our client tells what the store refuses", async ({ ours }) => {
  await ours.set(["text"], "seven");
  const error = await assertRejects(() => ours.atomic().sum(["text"], 1n).commit(), KvRefusedError);
  assertEquals(error.status, 400);
  assertStringIncludes(error.message, "Failed to perform 'sum' mutation on a non-U64 value in the database");
});

testBoth("Our client puts a commit's versionstamp at the end of a key", async ({ ours }) => {
  const result = await ours.atomic().set(["log", ours.commitVersionstamp()], "x".repeat(2_000)).commit();
  assert(result.ok);
  assertEquals((await ours.get(["log", result.versionstamp])).value, "x".repeat(2_000));
});

Deno.test("Our client gives entries a time to live", { ignore: !canServe }, async () => {
  const clock = new ManualClock(Date.now());
  await using served = serveStore({ clock });
  using kv = await connectTo(served);
  assertEquals(await watchedExpiry(kv, clock), [1, null]);
});

testBoth("Our client knows no queues", async ({ ours }) => {
  await assertRejects(() => ours.enqueue("x"), TypeError, "no queues");
  await assertRejects(() => ours.listenQueue(() => {}), TypeError, "no queues");
});

testBoth(
  "Our client reads all keys of one call at one moment, whatever else is read and written",
  async ({ ours }) => {
    let stop = false;
    const write = async () => {
      for (let n = 0; !stop; n++) await ours.atomic().set(["a"], n).set(["b"], n).commit();
    };
    const writing = write();
    const reads = Array.from({ length: 8 }, async () => {
      for (let n = 0; n < 50; n++) {
        const [a, b] = await ours.getMany<[number, number]>([["a"], ["b"]]);
        assertEquals(a.value, b.value);
      }
    });
    await Promise.all(reads);
    stop = true;
    await writing;
  },
);

Deno.test("Our client loses no update of 100 writers on one key", { ignore: !canServe }, async () => {
  await using served = serveStore();
  using kv = await connectTo(served);
  const increment = async () => {
    for (;;) {
      const entry = await kv.get<number>(["n"]);
      const next = (entry.value ?? 0) + 1;
      if ((await kv.atomic().check(entry).set(["n"], next).commit()).ok) return;
    }
  };
  await Promise.all(Array.from({ length: 100 }, increment));
  assertEquals((await kv.get(["n"])).value, 100);
});

Deno.test(
  "Our client goes on watching and writing when the store is restarted",
  { ignore: !canServe },
  async () => {
    const accessToken = kvAccessToken();
    const first = createStore({ accessToken });
    const listen = { port: 0, hostname: "127.0.0.1", onListen: () => {} };
    const server = Deno.serve(listen, (request) => first.fetch(request));
    const { port } = server.addr;
    using kv = await connectTo({ url: `http://127.0.0.1:${port}` });
    await kv.set(["k"], "before");
    const reader = kv.watch([["k"]]).getReader();
    assertEquals((await reader.read()).value?.[0]?.value, "before");
    first.drain();
    await server.shutdown();
    await first.close();

    // A write that the end of the store crosses is an error, so it waits for a read to find the next one.
    const written = kv.get(["k"]).then(() => kv.set(["k"], "after"));
    await using second = createStore({ accessToken });
    await using _server = Deno.serve({ ...listen, port }, (request) => second.fetch(request));
    assertEquals((await written).ok, true);
    let seen: unknown = "before";
    while (seen !== "after") seen = (await reader.read()).value?.[0]?.value;
    await reader.cancel();
  },
);
