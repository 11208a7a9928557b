import { systemClock } from "@flotilla/runtime";
import { eventually } from "@flotilla/runtime/testing";
import { MUTATION } from "@flotilla/runtime/kv_connect";
import { assertEquals, assertRejects } from "@std/assert";
import { Registry } from "prom-client";
import { admitWrite } from "./atomic_write.ts";
import { Committer } from "./committer.ts";
import { Refusal } from "./refusal.ts";
import { createStoreMetrics } from "./store_metrics.ts";
import { Table } from "./table.ts";
import { bytes, pointOf, testStore } from "./testing/store_client.ts";

const canWrite = (await Deno.permissions.query({ name: "write" })).state === "granted";

/** A table whose flushes end when the test says so. */
class HeldTable extends Table {
  readonly flushes: PromiseWithResolvers<void>[] = [];
  /** Why the disk cannot flush, while the caller waits. */
  broken: Error | undefined;

  constructor() {
    super({ path: ":memory:" }, Date.now());
  }

  override flush(): Promise<void> {
    if (this.broken !== undefined) throw this.broken;
    const flush = Promise.withResolvers<void>();
    this.flushes.push(flush);
    return flush.promise;
  }
}

function setUp() {
  const table = new HeldTable();
  const changed: string[] = [];
  const metrics = createStoreMetrics(new Registry(), { size: () => table.size, watchers: () => 0 });
  const onChange = (id: string) => {
    changed.push(id);
  };
  const committer = new Committer({ table, clock: systemClock, metrics, onChange });
  const submit = (key: string, checks: { key: Uint8Array; versionstamp: Uint8Array }[] = []) =>
    committer.submit(admitWrite({
      enqueues: 0,
      checks,
      mutations: [{
        key: bytes(key),
        type: MUTATION.set,
        value: { data: bytes("v"), encoding: 3 },
        expireAt: 0,
        sumMin: new Uint8Array(),
        sumMax: new Uint8Array(),
        sumClamp: false,
      }],
    }));
  return { table, committer, changed, submit, [Symbol.dispose]: () => table[Symbol.dispose]() };
}

Deno.test("Committer tells of a write when it is on the disk, and flushes what comes meanwhile together", async () => {
  using fixture = setUp();
  const { table, committer, changed, submit } = fixture;
  let told = false;
  const first = submit("a").then(() => told = true);
  await eventually(() => table.flushes.length === 1);
  const second = submit("b");
  await eventually(() => committer.isUnflushed("b"));
  const third = submit("c");
  await eventually(() => committer.isUnflushed("c"));
  assertEquals([told, changed, table.flushes.length], [false, [], 1]);
  table.flushes[0]?.resolve();
  await first;
  assertEquals([changed, table.flushes.length], [["a"], 2]);
  assertEquals(["a", "b", "c"].map((id) => committer.isUnflushed(id)), [false, true, true]);
  table.flushes[1]?.resolve();
  await Promise.all([second, third]);
  assertEquals(changed, ["a", "b", "c"]);
  assertEquals(["a", "b", "c"].map((id) => committer.isUnflushed(id)), [false, false, false]);
});

Deno.test("Committer knows which reads would see what is not on the disk", async () => {
  using fixture = setUp();
  const { table, committer, submit } = fixture;
  const write = submit("key");
  const within = (start: string, end: string) =>
    committer.readable([{ start: bytes(start), end: bytes(end), limit: 1, reverse: false }]) !== undefined;
  await eventually(() => table.flushes.length === 1);
  assertEquals([within("a", "z"), within("key", "kez"), within("a", "key"), within("kf", "z")], [
    true,
    true,
    false,
    false,
  ]);
  assertEquals(committer.readable([pointOf(bytes("key"))]) !== undefined, true);
  assertEquals(committer.readable([pointOf(bytes("kex"))]), undefined);
  table.flushes[0]?.resolve();
  await write;
});

Deno.test("Committer commits nothing while a read waits for what is not on the disk", async () => {
  using fixture = setUp();
  const { table, committer, submit } = fixture;
  const writes = [submit("a")];
  await eventually(() => table.flushes.length === 1);
  writes.push(submit("b"));
  await eventually(() => committer.isUnflushed("b"));
  let seen: string[] | undefined;
  const reading = committer.readable([pointOf(bytes("b"))])?.then(() => {
    seen = ["b", "c"].filter((key) => table.entry(bytes(key), Date.now()) !== undefined);
  });
  writes.push(submit("c"));
  table.flushes[0]?.resolve();
  await eventually(() => table.flushes.length === 2);
  assertEquals([seen, committer.isUnflushed("c")], [undefined, false]);
  table.flushes[1]?.resolve();
  await reading;
  assertEquals(seen, ["b"]);
  await eventually(() => table.flushes.length === 3);
  table.flushes[2]?.resolve();
  await Promise.all(writes);
});

Deno.test("Committer tells that a check failed when what it failed on is on the disk", async () => {
  using fixture = setUp();
  const { table, submit } = fixture;
  const write = submit("a");
  await eventually(() => table.flushes.length === 1);
  let told: string | undefined;
  const conflict = submit("a", [{ key: bytes("a"), versionstamp: new Uint8Array() }])
    .then(({ type }) => told = type);
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(told, undefined);
  table.flushes[0]?.resolve();
  await Promise.all([write, conflict]);
  assertEquals([told, table.flushes.length], ["conflict", 1]);
});

Deno.test("Committer.drained() resolves when all is on the disk that was submitted", async () => {
  using fixture = setUp();
  const { table, committer, submit } = fixture;
  const writes = [submit("a")];
  await eventually(() => table.flushes.length === 1);
  writes.push(submit("b"));
  let drained = false;
  const draining = committer.drained().then(() => drained = true);
  table.flushes[0]?.resolve();
  await eventually(() => table.flushes.length === 2);
  assertEquals(drained, false);
  table.flushes[1]?.resolve();
  await Promise.all([draining, ...writes]);
});

for (const atOnce of [false, true]) {
  const when = atOnce ? "while it is waited for" : "on another thread";
  Deno.test(`Committer ends the process when a flush fails ${when}: nobody can tell what is on the disk`, async () => {
    using fixture = setUp();
    const { table, submit } = fixture;
    const { promise: ended, resolve } = Promise.withResolvers<ErrorEvent>();
    const onError = (event: ErrorEvent) => {
      event.preventDefault();
      resolve(event);
    };
    addEventListener("error", onError);
    const failure = new Error("input/output error");
    if (atOnce) table.broken = failure;
    const write = submit("a");
    if (!atOnce) await eventually(() => table.flushes.length === 1);
    table.flushes[0]?.reject(failure);
    assertEquals((await assertRejects(() => write, Refusal)).status, 503);
    assertEquals((await ended).message.includes("input/output error"), true);
    removeEventListener("error", onError);
  });
}

Deno.test({
  name: "A store on a disk tells readers and watchers of each write, as soon as it is acknowledged",
  ignore: !canWrite,
  async fn() {
    const folder = await Deno.makeTempDir();
    await using context = testStore({ path: `${folder}/database.sqlite` });
    const { client } = context;
    const watch = await client.watch(bytes("k"));
    assertEquals(await watch.next(), [undefined]);
    for (let round = 0; round < 20; round++) {
      const version = await client.set(bytes("k"), bytes(`${round}`));
      assertEquals((await client.get(bytes("k")))?.version, version);
      const frame = await watch.next();
      assertEquals(typeof frame === "string" ? frame : frame.map((entry) => entry?.version), [version]);
    }
    await watch.cancel();
    await Deno.remove(folder, { recursive: true });
  },
});
