import { KvTimeoutError, ProblemError, systemClock } from "@flotilla/runtime";
import { assertEquals, assertRejects } from "@std/assert";
import { ChangeTail } from "./change_tail.ts";
import type { Draft } from "./draft.ts";
import { LATEST_KEY, recordKey } from "./keyspace.ts";
import { decodeValue, encodeValue, type StoredRecord } from "./record.ts";
import { RecordDatabase } from "./record_database.ts";
import { RecordWriter, type RecordWriterOptions } from "./record_writer.ts";
import { seedDatabase } from "./seed.ts";

type Commit = () => Promise<Deno.KvCommitResult | Deno.KvCommitError>;

/** A KV whose writes go through `meet`. */
function withCommits(kv: Deno.Kv, meet: (commit: Commit) => ReturnType<Commit>): Deno.Kv {
  return new Proxy(kv, {
    get(target, name) {
      const own: unknown = Reflect.get(target, name, target);
      if (name !== "atomic") return typeof own === "function" ? own.bind(target) : own;
      return () => {
        const operation = target.atomic();
        const commit = operation.commit.bind(operation);
        operation.commit = () => meet(commit);
        return operation;
      };
    },
  });
}

async function setUp(
  options: Partial<RecordWriterOptions> & { meet?: (commit: Commit) => ReturnType<Commit> } = {},
) {
  const { meet = (commit) => commit(), ...rest } = options;
  const kv = await Deno.openKv(":memory:");
  await seedDatabase(kv, 0);
  const commits: { changes: number; conflicts: number }[] = [];
  const start = (through: Deno.Kv = kv) => {
    const database = new RecordDatabase(through, () => seedDatabase(kv, 0));
    const onCommit = (changes: number, conflicts: number) => commits.push({ changes, conflicts });
    return {
      database,
      writer: new RecordWriter(database, new ChangeTail(database), { clock: systemClock, onCommit, ...rest }),
    };
  };
  return { kv, commits, start, ...start(withCommits(kv, meet)), [Symbol.dispose]: () => kv.close() };
}

const content = (value: unknown) => ({
  owner: "ann",
  access: "public" as const,
  sharedWith: [],
  json: encodeValue(value),
});

const putting = (id: string, value: unknown) => ({
  ids: [id],
  decide: (draft: Draft) => draft.put(id, content(value)).version,
});

async function valueOf(kv: Deno.Kv, id: string): Promise<unknown> {
  const { value } = await kv.get<StoredRecord>(recordKey(id));
  return value === null ? undefined : decodeValue(value);
}

async function log(kv: Deno.Kv): Promise<string[]> {
  const entries: string[] = [];
  for await (const { key, value } of kv.list<{ id: string; type: string }>({ prefix: ["data", "change"] })) {
    entries.push(`${String(key[2])} ${value.type} ${value.id}`);
  }
  return entries;
}

Deno.test("RecordWriter.write() numbers all changes without gaps and logs them", async () => {
  using all = await setUp();
  const { kv, writer } = all;
  assertEquals(await writer.write(putting("a", 1)), 2);
  assertEquals(await writer.write(putting("b", 1)), 3);
  await writer.write({ ids: ["a"], decide: (draft) => draft.delete("a") });
  assertEquals(await log(kv), ["1 put welcome", "2 put a", "3 put b", "4 delete a"]);
  assertEquals((await kv.get<{ seq: number }>(LATEST_KEY)).value?.seq, 4);
});

Deno.test("RecordWriter.write() writes what comes together in one commit", async () => {
  using all = await setUp();
  const { writer, commits } = all;
  const versions = await Promise.all(
    Array.from({ length: 200 }, (_, n) => writer.write(putting(`r${n}`, n))),
  );
  assertEquals(versions, Array.from({ length: 200 }, (_, n) => n + 2));
  assertEquals(commits.map(({ changes }) => changes), [1, 199]);
});

Deno.test("RecordWriter.write() lets each write of a commit see those before it", async () => {
  using all = await setUp();
  const { kv, writer } = all;
  const increment = {
    ids: ["n"],
    decide(draft: Draft) {
      const before = draft.read("n");
      draft.put("n", content(before === undefined ? 1 : Number(decodeValue(before)) + 1));
    },
  };
  await Promise.all(Array.from({ length: 300 }, () => writer.write(increment)));
  assertEquals(await valueOf(kv, "n"), 300);
});

Deno.test("RecordWriter.write() loses no update when several services write at once", async () => {
  using all = await setUp();
  const { kv, start } = all;
  const writers = Array.from({ length: 4 }, () => start().writer);
  await Promise.all(Array.from({ length: 200 }, (_, turn) =>
    writers[turn % 4]?.write({
      ids: ["n"],
      decide(draft) {
        const before = draft.read("n");
        draft.put("n", content(before === undefined ? 1 : Number(decodeValue(before)) + 1));
      },
    })));
  assertEquals(await valueOf(kv, "n"), 200);
});

Deno.test("RecordWriter.write() rejects with what the decision threw, and leaves the others alone", async () => {
  using all = await setUp();
  const { kv, writer } = all;
  const refused = {
    ids: ["a", "b"],
    decide(draft: Draft) {
      draft.put("a", content("half"));
      throw new ProblemError(409, "no");
    },
  };
  const outcomes = await Promise.allSettled([
    writer.write(putting("x", 0)),
    writer.write(putting("a", "before")),
    writer.write(refused),
    writer.write(putting("b", "after")),
  ]);
  assertEquals(outcomes.map(({ status }) => status), ["fulfilled", "fulfilled", "rejected", "fulfilled"]);
  assertEquals([await valueOf(kv, "a"), await valueOf(kv, "b")], ["before", "after"]);
  assertEquals((await log(kv)).length, 4);
});

Deno.test("RecordWriter.write() knows its own commit when the client sent it twice", async () => {
  using all = await setUp({
    meet: async (commit) => {
      await commit();
      return await commit();
    },
  });
  const { kv, writer } = all;
  assertEquals(await writer.write(putting("a", 1)), 2);
  assertEquals(await log(kv), ["1 put welcome", "2 put a"]);
});

Deno.test("RecordWriter.write() knows its own commit also when another service wrote after it", async () => {
  const other: { write?: () => Promise<unknown> } = {};
  using all = await setUp({
    meet: async (commit) => {
      await commit();
      await other.write?.();
      return await commit();
    },
  });
  const { kv, writer, start } = all;
  const { writer: second } = start();
  other.write = () => second.write(putting("a", "theirs"));
  assertEquals(await writer.write(putting("a", "mine")), 2);
  assertEquals([await valueOf(kv, "a"), (await log(kv)).length], ["theirs", 3]);
});

Deno.test("RecordWriter.write() tells that it does not know, and a commit that comes late changes nothing newer", async () => {
  const late: Commit[] = [];
  let lose = true;
  using all = await setUp({
    meet(commit) {
      if (!lose) return commit();
      late.push(commit);
      return Promise.reject(new KvTimeoutError("late"));
    },
  });
  const { kv, writer } = all;
  await assertRejects(() => writer.write(putting("a", "lost")), KvTimeoutError);
  lose = false;
  await writer.write(putting("a", "newer"));
  for (const commit of late) assertEquals((await commit()).ok, false);
  assertEquals(await valueOf(kv, "a"), "newer");
});

Deno.test("RecordWriter.write() gives up with 503 when others are faster again and again", async () => {
  using all = await setUp({ maxAttempts: 3, meet: () => Promise.resolve({ ok: false }) });
  const error = await assertRejects(() => all.writer.write(putting("a", 1)), ProblemError);
  assertEquals([error.status, error.headers.get("retry-after")], [503, "1"]);
});

Deno.test("RecordWriter.write() spreads what is too large for one commit over several, in order", async () => {
  using all = await setUp();
  const { kv, writer, commits } = all;
  const versions = await Promise.all(
    Array.from({ length: 40 }, (_, n) => writer.write(putting(`r${n % 5}`, `${n} ${"x".repeat(60_000)}`))),
  );
  assertEquals(versions, Array.from({ length: 40 }, (_, n) => n + 2));
  assertEquals(commits.length > 3, true);
  assertEquals(String(await valueOf(kv, "r4")).slice(0, 3), "39 ");
});

Deno.test("RecordWriter.write() keeps only so many changes in the log", async () => {
  using all = await setUp({ keptChanges: 3 });
  const { kv, writer } = all;
  for (const id of ["a", "b", "c", "d"]) await writer.write(putting(id, 1));
  await Promise.all(["e", "f"].map((id) => writer.write(putting(id, 1))));
  assertEquals(await log(kv), ["5 put d", "6 put e", "7 put f"]);
});
