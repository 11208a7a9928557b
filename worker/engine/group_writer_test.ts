import { assertEquals, assertRejects } from "@std/assert";
import { GroupWriter, sharesOf } from "./group_writer.ts";
import type { WritePlan } from "./write_plan.ts";

function plan(more: Partial<WritePlan>): WritePlan {
  return { checks: [], sets: [], deletes: [], counts: [], ...more };
}

/** A database that counts its atomic writes. */
async function open() {
  const kv = await Deno.openKv(":memory:");
  const counted = { commits: 0 };
  const atomic = kv.atomic.bind(kv);
  kv.atomic = () => {
    counted.commits++;
    return atomic();
  };
  return { kv, counted, writer: new GroupWriter(kv), [Symbol.dispose]: () => kv.close() };
}

const create = (name: string, value: unknown = 1) =>
  plan({ checks: [{ key: [name], versionstamp: null }], sets: [{ key: [name], value }] });

Deno.test("GroupWriter.commit() joins plans that come while others are written", async () => {
  using lab = await open();
  const { writer, counted, kv } = lab;
  const done = await Promise.all(
    Array.from({ length: 220 }, (_, index) => writer.commit(create(`k${index}`))),
  );
  assertEquals(done.every((version) => version !== undefined), true);
  assertEquals(counted.commits, 3); // of 99, 99 and 22 checks
  assertEquals((await kv.get(["k21"])).value, 1);
});

Deno.test("GroupWriter.commit() makes one check of those on new keys", async () => {
  using lab = await open();
  const { writer, counted, kv } = lab;
  const fresh = (name: string) =>
    plan({ checks: [{ key: [name], versionstamp: null, fresh: true }], sets: [{ key: [name], value: 1 }] });
  await Promise.all(Array.from({ length: 220 }, (_, index) => writer.commit(fresh(`k${index}`))));
  assertEquals(counted.commits, 2); // of a half each
  assertEquals((await kv.get(["k219"])).value, 1);
  assertEquals(await writer.commit(fresh("k219")), undefined);
});

Deno.test("GroupWriter.commit() writes less at once when the server takes ten checks only", async () => {
  using lab = await open();
  const { kv, counted } = lab;
  const atomic = kv.atomic.bind(kv);
  kv.atomic = () => {
    const operation = atomic();
    let checks = 0;
    const [check, commit] = [operation.check.bind(operation), operation.commit.bind(operation)];
    return Object.assign(operation, {
      check: (...more: Deno.AtomicCheck[]) => (checks += more.length, check(...more)),
      commit: () => checks > 10 ? Promise.reject(new TypeError("too many checks (max 10)")) : commit(),
    });
  };
  const writer = new GroupWriter(kv);
  const many = (from: number) =>
    Promise.all(Array.from({ length: 30 }, (_, index) => writer.commit(create(`k${from + index}`))));
  assertEquals((await many(0)).every((version) => version !== undefined), true);
  counted.commits = 0;
  assertEquals((await many(100)).every((version) => version !== undefined), true);
  assertEquals(counted.commits, 4); // of nine, nine, nine and three
});

Deno.test("GroupWriter.commit() lets no plan fail because of another one's check", async () => {
  using lab = await open();
  const { writer, kv } = lab;
  await kv.set(["k5"], "taken");
  const done = await Promise.all(
    Array.from({ length: 10 }, (_, index) => writer.commit(create(`k${index}`))),
  );
  assertEquals(done.map((version) => version === undefined), done.map((_, index) => index === 5));
  assertEquals((await kv.get(["k5"])).value, "taken");
});

Deno.test("GroupWriter.commit() lets no plan fail because another one is larger than the store takes", async () => {
  using lab = await open();
  const { writer, kv } = lab;
  const done = await Promise.allSettled([
    writer.commit(create("small")),
    writer.commit(create("large", "x".repeat(70_000))),
    writer.commit(create("other")),
  ]);
  assertEquals(done.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled"]);
  assertEquals([(await kv.get(["small"])).value, (await kv.get(["other"])).value], [1, 1]);
});

Deno.test("GroupWriter.commit() fails when the server refuses a lone plan of many checks", async () => {
  using lab = await open();
  const { writer, kv } = lab;
  const checks = Array.from({ length: 120 }, (_, index) => ({ key: [`k${index}`], versionstamp: null }));
  await assertRejects(() => writer.commit(plan({ checks })), TypeError, "checks");
  assertEquals((await kv.get(["k0"])).value, null);
});

Deno.test("GroupWriter.commit() never joins two plans on one key: the second sees what the first did", async () => {
  using lab = await open();
  const { writer, kv } = lab;
  const done = await Promise.all([
    ...["x", "y", "z"].map((name) => writer.commit(create(name))),
    ...["one", "two"].map((value) => writer.commit(create("same", value))),
  ]);
  assertEquals(done.map((version) => version !== undefined), [true, true, true, true, false]);
  assertEquals((await kv.get(["same"])).value, "one");
});

Deno.test("GroupWriter.commit() sets shared keys once and moves counters by the sum", async () => {
  using lab = await open();
  const { writer, kv, counted } = lab;
  const bell = (value: string) => [{ key: ["bell"], value, shared: "bell" }];
  const by = (by: number) => [{ status: "queued", by } as const];
  await Promise.all([
    writer.commit(plan({ counts: by(5) })),
    writer.commit(plan({ counts: by(1) })),
    writer.commit(plan({ sets: bell("a"), counts: by(-2) })),
    writer.commit(plan({ sets: bell("b"), counts: by(-1) })),
  ]);
  assertEquals((await kv.get<Deno.KvU64>(["count", "queued"])).value?.value, 3n);
  assertEquals((await kv.get(["bell"])).value, "b");
  const before = counted.commits;
  // Two keys of its own each: with what is shared they would be 1,024 changes, and more than one write takes.
  const own = (name: number) => [1, 2].map((part) => ({ key: ["own", name, part], value: 0 }));
  await Promise.all(
    Array.from(
      { length: 256 },
      (_, index) => writer.commit(plan({ sets: [...own(index), ...bell("c")], counts: by(1) })),
    ),
  );
  assertEquals(counted.commits - before, 2);
});

Deno.test("GroupWriter.commit() tells everyone in a group when the database does not answer", async () => {
  using lab = await open();
  const { kv } = lab;
  const writer = new GroupWriter(kv);
  const atomic = kv.atomic.bind(kv);
  kv.atomic = () => Object.assign(atomic(), { commit: () => Promise.reject(new Error("away")) });
  const done = await Promise.allSettled(
    Array.from({ length: 5 }, (_, index) => writer.commit(create(`k${index}`))),
  );
  assertEquals(done.map(({ status }) => status), Array(5).fill("rejected"));
});

Deno.test("sharesOf() has two writes under way, and more of them only where each would be large", () => {
  const shares = [1, 64, 256, 257, 512, 2_000].map(sharesOf);
  assertEquals(shares.map(({ writes }) => writes), [2, 2, 2, 3, 4, 4]);
  assertEquals(shares.map(({ share }) => share), [32, 32, 128, 86, 128, 500]);
});
