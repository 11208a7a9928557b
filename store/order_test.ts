import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { canServe, connectTo, serveStore } from "./testing/served_store.ts";
import { openWithNpmClient, testStore } from "./testing/store_client.ts";

type Part = string | number | bigint | boolean | Uint8Array;
type Key = readonly Part[];

interface Listed {
  set(key: Key, value: unknown): Promise<unknown>;
  list(
    selector: { prefix: Key } | { start: Key; end: Key },
    options: { reverse: boolean; limit?: number },
  ): AsyncIterable<{ key: readonly unknown[]; value: unknown }>;
}

/** Numbers whose bytes, signs or lengths differ in the ways that an encoding must keep in order. */
const EDGES = [
  0,
  -0,
  1,
  -1,
  255,
  256,
  2 ** 31,
  2 ** 53,
  -(2 ** 53),
  Infinity,
  -Infinity,
  NaN,
  5e-324,
  -5e-324,
  1e308,
];

const part: fc.Arbitrary<Part> = fc.oneof(
  fc.uint8Array({ maxLength: 6 }).map((bytes) => new Uint8Array(bytes)),
  fc.array(fc.constantFrom(0, 1, 0xfe, 0xff), { maxLength: 4 }).map((bytes) => new Uint8Array(bytes)),
  fc.string({ maxLength: 6, unit: "binary" }),
  fc.constantFrom("", "\0", "\0\xff", "a\0", "a\0b", "é", "😀"),
  fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }),
  fc.constantFrom(
    0n,
    1n,
    -1n,
    255n,
    256n,
    -255n,
    -256n,
    2n ** 64n,
    -(2n ** 64n),
    2n ** 64n - 1n,
    1n - 2n ** 64n,
  ),
  fc.double(),
  fc.constantFrom(...EDGES),
  fc.boolean(),
);
const key = fc.array(part, { minLength: 1, maxLength: 4 });
const keys = fc.array(key, { minLength: 1, maxLength: 25 });

interface OrderOptions {
  runs: number;
  /**
   * Leaves out what `@deno/kv` (0.14.0) itself does otherwise than Deno, whatever the server: it writes -0 as 0 and NaN
   * before all numbers, and a list in reverse shows its prefix's own entry.
   */
  npmClient?: boolean;
}

/** Writes the same keys to Deno's own database and to the other, and compares what both list. */
async function assertSameOrder(other: Listed, { runs, npmClient = false }: OrderOptions): Promise<void> {
  const usual = (parts: Key) =>
    npmClient ? parts.map((part) => part === 0 || Number.isNaN(part) ? 0 : part) : parts;
  using reference = await Deno.openKv(":memory:");
  let run = 0;
  await fc.assert(
    fc.asyncProperty(keys, key, key, fc.boolean(), async (sent, first, last, reverse) => {
      const [written, low, high] = [sent.map(usual), usual(first), usual(last)];
      // A first part of its own keeps a run apart from those before it.
      const scope = run++;
      for (const [n, parts] of written.entries()) {
        await Promise.all([reference.set([scope, ...parts], n), other.set([scope, ...parts], n)]);
      }
      const selectors = [
        { prefix: [scope] },
        ...(npmClient && reverse ? [] : [{ prefix: [scope, low[0] ?? ""] }]),
        { start: [scope, ...low], end: [scope, ...high] },
      ];
      for (const selector of selectors) {
        assertEquals(await listed(other, selector, reverse), await listed(reference, selector, reverse));
      }
    }),
    { numRuns: runs },
  );
}

/** What a list gives, or that it was refused: a start after the end is, by both clients and before anything is sent. */
async function listed(
  kv: Listed,
  selector: { prefix: Key } | { start: Key; end: Key },
  reverse: boolean,
): Promise<unknown> {
  try {
    return await Array.fromAsync(kv.list(selector, { reverse }), ({ key, value }) => [key, value]);
  } catch {
    return "refused";
  }
}

Deno.test("list() through @deno/kv orders every kind of key part as Deno's own database does", async () => {
  await using context = testStore();
  const kv = await openWithNpmClient(context.store);
  try {
    await assertSameOrder(kv, { runs: 150, npmClient: true });
  } finally {
    kv.close();
  }
});

Deno.test("list() through Deno's client orders every kind of key part as Deno's own database does", {
  ignore: !canServe,
}, async () => {
  await using served = serveStore();
  using kv = await served.open();
  await assertSameOrder(kv, { runs: 100 });
});

Deno.test("list() through our client orders every kind of key part as Deno's own database does", {
  ignore: !canServe,
}, async () => {
  await using served = serveStore();
  using kv = await connectTo(served);
  await assertSameOrder(kv, { runs: 100 });
});
