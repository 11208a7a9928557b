import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { canServe, connectTo, serveStore } from "./testing/served_store.ts";

/** Few keys, so that operations meet. */
const key = fc.tuple(fc.constantFrom("a", "b"), fc.integer({ min: 0, max: 4 }));
const selector: fc.Arbitrary<Deno.KvListSelector> = fc.oneof(
  fc.constantFrom<Deno.KvListSelector>({ prefix: [] }, { prefix: ["a"] }, { prefix: ["b", 2] }, {
    prefix: ["a"],
    start: ["a", 2],
  }, { prefix: ["b"], end: ["b", 3] }),
  fc.tuple(key, key).map(([start, end]) => ({ start, end })),
);

/** What is done to both databases, in their own terms. */
type Step = (run: Run) => Promise<unknown>;

/** One database under test; versionstamps differ between the two and are told by when they were first seen. */
class Run {
  readonly kv: Deno.Kv;
  readonly #seen = new Map<string, number>();

  constructor(kv: Deno.Kv) {
    this.kv = kv;
  }

  number(versionstamp: string | null): number | null {
    if (versionstamp === null) return null;
    if (!this.#seen.has(versionstamp)) this.#seen.set(versionstamp, this.#seen.size);
    return this.#seen.get(versionstamp) ?? null;
  }

  entry({ key, value, versionstamp }: Deno.KvEntryMaybe<unknown>): unknown {
    return { key, value, version: this.number(versionstamp) };
  }
}

const steps: fc.Arbitrary<{ name: string; step: Step }> = fc.oneof(
  fc.tuple(key, fc.jsonValue()).map(([key, value]) => ({
    name: `set ${key}`,
    step: async (run: Run) => run.number((await run.kv.set(key, value)).versionstamp),
  })),
  key.map((key) => ({ name: `delete ${key}`, step: (run: Run) => run.kv.delete(key) })),
  key.map((key) => ({ name: `get ${key}`, step: async (run: Run) => run.entry(await run.kv.get(key)) })),
  fc.array(key, { maxLength: 10 }).map((keys) => ({
    name: `getMany ${keys.join(" ")}`,
    step: async (run: Run) => (await run.kv.getMany(keys)).map((entry) => run.entry(entry)),
  })),
  fc.record({
    selector,
    reverse: fc.boolean(),
    limit: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
    batchSize: fc.integer({ min: 1, max: 4 }),
  }).map(({ selector, limit, ...rest }) => ({
    name: `list ${Deno.inspect(selector)} ${limit}`,
    step: async (run: Run) => {
      const options = limit === undefined ? rest : { ...rest, limit };
      try {
        const list = run.kv.list(selector, options);
        const found = await Array.fromAsync(list, (entry) => run.entry(entry));
        return { found, cursor: list.cursor };
      } catch (error) {
        return error instanceof TypeError && error.message;
      }
    },
  })),
  fc.record({
    key,
    check: fc.constantFrom("current", "absent", "none"),
    changes: fc.array(
      fc.record({
        key,
        type: fc.constantFrom("set", "delete", "sum", "min", "max"),
        n: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      }),
      { maxLength: 4 },
    ),
  }).map(({ key, check, changes }) => ({
    name: `atomic ${check} ${key}: ${changes.map(({ type, key }) => `${type} ${key}`)}`,
    step: async ({ kv }: Run) => {
      const operation = kv.atomic();
      if (check === "current") operation.check(await kv.get(key));
      if (check === "absent") operation.check({ key, versionstamp: null });
      for (const { type, key, n } of changes) {
        // Numbers under keys of their own: Deno's database keeps the part of a write that came before a refusal.
        if (type === "set") operation.set(key, n);
        else if (type === "delete") operation.delete(key);
        else operation[type](["numbers", ...key], n);
      }
      return (await operation.commit()).ok;
    },
  })),
);

Deno.test(
  "Our client and a store do what Deno's own database does, whatever is done",
  { ignore: !canServe },
  async () => {
    await using served = serveStore();
    using kv = await connectTo(served);
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { maxLength: 30 }), async (script) => {
        using reference = await Deno.openKv(":memory:");
        for await (const { key } of kv.list({ prefix: [] })) await kv.delete(key);
        const [ours, denos] = [new Run(kv), new Run(reference)];
        for (const { name, step } of script) assertEquals(await step(ours), await step(denos), name);
      }),
      { numRuns: 60 },
    );
  },
);
