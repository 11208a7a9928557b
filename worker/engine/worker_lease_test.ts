import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { ManualClock } from "@flotilla/runtime/testing";
import { lossyKv } from "../testing/lossy_kv.ts";
import { read, RETENTION, stored } from "../testing/tasks.ts";
import { sweepAgenda } from "./agenda.ts";
import { keys } from "./keys.ts";
import { LeaseLostError } from "./run_errors.ts";
import { TaskStore } from "./task_store.ts";
import { WorkerLease } from "./worker_lease.ts";

async function open() {
  const kv = await Deno.openKv(":memory:");
  const lossy = lossyKv(kv);
  const clock = new ManualClock();
  const store = new TaskStore(lossy.kv, { clock });
  const lease = (holder: string) => new WorkerLease(store, { holder, clock, duration: 10_000 });
  const candidates = async (count: number) =>
    await Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const entry = await stored(store, { id: `${index}`.padStart(3, "0") });
        return { entry, permits: [] };
      }),
    );
  return { kv, lossy, clock, store, lease, candidates, [Symbol.dispose]: () => kv.close() };
}

/** Counts the atomic writes from here on. */
function countCommits(kv: Deno.Kv): () => number {
  let commits = 0;
  const atomic = kv.atomic.bind(kv);
  kv.atomic = () => (commits++, atomic());
  return () => commits;
}

const ids = (tasks: readonly { task: { id: string } }[]) => tasks.map(({ task }) => task.id);

Deno.test("WorkerLease.claim() claims many tasks in one write, and renew() keeps all of them with one", async () => {
  using lab = await open();
  const lease = lab.lease("a");
  await lease.claim([]);
  const wanted = await lab.candidates(64);
  const commits = countCommits(lab.kv);
  const { holds, contended } = await lease.claim(wanted);
  assertEquals([holds.length, contended, commits()], [64, false, 1]);
  assertEquals(new Set(holds.map(({ token }) => token)).size, 64);
  await lab.clock.advance(6_000);
  await lease.renew();
  assertEquals(commits(), 2);
  const sweep = await sweepAgenda(lab.store, {
    now: lab.clock.now() + 9_999,
    maxLosses: 3,
    retention: RETENTION,
  });
  assertEquals([sweep.moved, sweep.next], [0, lease.expires]);
});

Deno.test("WorkerLease.claim() takes a task from the queue and leaves its record to what comes of the run", async () => {
  using lab = await open();
  const [wanted] = await lab.candidates(1);
  if (wanted === undefined) throw new Error("There is no candidate");
  const { holds: [hold] } = await lab.lease("a").claim([wanted]);
  assertEquals(await read(lab.store, wanted.entry.task), wanted.entry);
  assertEquals((await Array.fromAsync(lab.kv.list({ prefix: ["ready"] }))).length, 0);
  assertEquals([hold?.task.state.status, hold?.task.attempt], ["running", 1]);
  await hold?.note({ fraction: 0.5 });
  const { task } = await read(lab.store, wanted.entry.task);
  assertEquals([task.state.status, task.attempt, task.progress.fraction], ["running", 1, 0.5]);
});

Deno.test("TaskStore.change() cancels a task that was claimed meanwhile as one that runs, and its worker learns of it", async () => {
  using lab = await open();
  const [wanted] = await lab.candidates(1);
  if (wanted === undefined) throw new Error("There is no candidate");
  const { holds: [hold] } = await lab.lease("a").claim([wanted]);
  const event = { type: "cancel", now: lab.clock.now(), retention: RETENTION } as const;
  const { task: { state } } = await lab.store.change(wanted.entry, event);
  assertEquals([state.status === "running" && state.lease.token, hold?.cancelling], [hold?.token, false]);
  assertNotEquals((await lab.kv.get(keys.inbox("a"))).versionstamp, null);
  await hold?.look();
  assertEquals(hold?.cancelling, true);
});

Deno.test("TaskStore.change() cancels a task that neither waits at a place nor was claimed", async () => {
  using lab = await open();
  const [wanted] = await lab.candidates(1);
  if (wanted === undefined) throw new Error("There is no candidate");
  for await (const { key } of lab.kv.list({ prefix: ["ready"] })) await lab.kv.delete(key);
  const event = { type: "cancel", now: lab.clock.now(), retention: RETENTION } as const;
  assertEquals((await lab.store.change(wanted.entry, event)).task.state.status, "cancelled");
});

Deno.test("sweepAgenda() takes a task whose record does not say yet that it runs", async () => {
  using lab = await open();
  const permit = ["permit", "kind", "test", 0];
  const [wanted] = await lab.candidates(1);
  if (wanted === undefined) throw new Error("There is no candidate");
  const { holds: [hold] } = await lab.lease("a").claim([{ ...wanted, permits: [permit] }]);
  assertNotEquals((await lab.kv.get(permit)).versionstamp, null);
  lab.clock.jump(10_000);
  const sweep = await sweepAgenda(lab.store, { now: lab.clock.now(), maxLosses: 3, retention: RETENTION });
  const { task } = await read(lab.store, wanted.entry.task);
  assertEquals([sweep.moved, task.state.status, task.attempt, task.losses], [1, "queued", 1, 1]);
  assertEquals((await lab.kv.get(permit)).versionstamp, null);
  assertEquals((await Array.fromAsync(lab.kv.list({ prefix: ["ready"] }))).length, 1);
  await assertRejects(() => hold?.note({ fraction: 1 }) ?? Promise.resolve(), LeaseLostError);
});

Deno.test("WorkerLease.claim() takes what fits into one write", async () => {
  using lab = await open();
  const { holds } = await lab.lease("a").claim(await lab.candidates(150));
  assertEquals(holds.length, 99); // a hundred checks, one of them on the lease
});

Deno.test("WorkerLease.claim() leaves to others what they were faster with, and gets the rest", async () => {
  using lab = await open();
  const wanted = await lab.candidates(4);
  await lab.lease("a").claim(wanted.slice(0, 2));
  const { holds, contended } = await lab.lease("b").claim(wanted);
  assertEquals([ids(holds), contended], [["002", "003"], true]);
});

Deno.test("WorkerLease.claim() gets nothing where a permit is taken", async () => {
  using lab = await open();
  const permit = ["permit", "kind", "test", 0];
  const [one, two] = (await lab.candidates(2)).map((candidate) => ({ ...candidate, permits: [permit] }));
  if (one === undefined || two === undefined) throw new Error("There are no candidates");
  const lease = lab.lease("a");
  assertEquals((await lease.claim([one])).holds.length, 1);
  const { holds, contended } = await lease.claim([two]);
  assertEquals([holds.length, contended], [0, true]);
  assertEquals((await read(lab.store, two.entry.task)).task.state.status, "queued");
});

for (const loss of ["applied, never answered", "applied, said to have failed", "lost"] as const) {
  Deno.test(`WorkerLease finds out what became of a claim that was ${loss}`, async () => {
    using lab = await open();
    const lease = lab.lease("a");
    const wanted = await lab.candidates(3);
    await lease.claim([]);
    lab.lossy.next = loss;
    const first = await lease.claim(wanted).catch(() => undefined);
    const found = first?.holds ?? await lease.renew();
    assertEquals(ids(found), loss === "lost" ? [] : ["000", "001", "002"]);
    assertEquals((await lease.claim(wanted)).holds.length, loss === "lost" ? 3 : 0);
  });

  Deno.test(`WorkerLease goes on after a renewal that was ${loss}`, async () => {
    using lab = await open();
    const lease = lab.lease("a");
    const [one, two] = await lab.candidates(2);
    if (one === undefined || two === undefined) throw new Error("There are no candidates");
    await lease.claim([one]);
    lab.clock.jump(5_000);
    lab.lossy.next = loss;
    await lease.renew().catch(() => {});
    lab.clock.jump(1_000);
    await lease.renew();
    assertEquals((await lease.claim([two])).holds.length, 1);
    const leases = await Array.fromAsync(lab.kv.list({ prefix: keys.agenda }));
    assertEquals(leases.map(({ key }) => key), [keys.lease(lab.clock.now() + 10_000, lease.id)]);
  });
}

Deno.test("WorkerLease neither claims nor renews once its tasks were taken", async () => {
  using lab = await open();
  const lease = lab.lease("a");
  const [one, two] = await lab.candidates(2);
  if (one === undefined || two === undefined) throw new Error("There are no candidates");
  const { holds: [hold] } = await lease.claim([one]);
  lab.clock.jump(10_000);
  await sweepAgenda(lab.store, { now: lab.clock.now(), maxLosses: 3, retention: RETENTION });
  assertEquals((await lease.claim([two])).holds, []);
  await assertRejects(() => lease.renew(), LeaseLostError);
  await assertRejects(() => lease.claim([two]), LeaseLostError);
  await assertRejects(() => hold?.note({ fraction: 1 }) ?? Promise.resolve(), LeaseLostError);
});

Deno.test("WorkerLease.end() leaves nothing behind, unless something is held still", async () => {
  using lab = await open();
  const lease = lab.lease("a");
  const { holds } = await lease.claim(await lab.candidates(2));
  const left = async () =>
    (await Promise.all(["agenda", "held"].map((name) => Array.fromAsync(lab.kv.list({ prefix: [name] })))))
      .flat().length;
  await lease.end();
  assertEquals(await left(), 2);
  for (const hold of holds) hold.settle();
  await lease.end();
  assertEquals(await left(), 0);
});
