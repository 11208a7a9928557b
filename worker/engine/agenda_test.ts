import { assertEquals } from "@std/assert";
import { ManualClock } from "@flotilla/runtime/testing";
import { read, RETENTION, START, stored } from "../testing/tasks.ts";
import { sweepAgenda } from "./agenda.ts";
import { TaskStore } from "./task_store.ts";
import { WorkerLease } from "./worker_lease.ts";

const options = { maxLosses: 3, retention: RETENTION };

async function open() {
  const kv = await Deno.openKv(":memory:");
  return { kv, store: new TaskStore(kv, { clock: new ManualClock() }), [Symbol.dispose]: () => kv.close() };
}

Deno.test("sweepAgenda() queues what is due, and says when to look next", async () => {
  using lab = await open();
  const { store } = lab;
  const soon = await stored(store, { state: { status: "scheduled", due: START + 100 } });
  await stored(store, { state: { status: "scheduled", due: START + 900 } });
  assertEquals(await sweepAgenda(store, { ...options, now: START }), { moved: 0, next: START + 100 });
  assertEquals(await sweepAgenda(store, { ...options, now: START + 100 }), { moved: 1, next: START + 900 });
  assertEquals((await read(store, soon.task)).task.state, { status: "queued", since: START + 100 });
});

Deno.test("sweepAgenda() takes all tasks from a worker whose lease ran out, and nothing of the lease is left", async () => {
  using lab = await open();
  const { store, kv } = lab;
  const clock = new ManualClock();
  const lost = new WorkerLease(store, { holder: "lost", clock, duration: 10_000 });
  const entries = [await stored(store, { id: "1" }), await stored(store, { id: "2" })];
  for (const entry of entries) await lost.claim([{ entry, permits: [] }]);
  assertEquals((await sweepAgenda(store, { ...options, now: START + 9_999 })).moved, 0);
  assertEquals(await sweepAgenda(store, { ...options, now: START + 10_000 }), { moved: 2, next: undefined });
  for (const entry of entries) {
    const { task } = await read(store, entry.task);
    assertEquals([task.state.status, task.losses], ["queued", 1]);
  }
  for (const name of ["agenda", "held"]) {
    assertEquals(await Array.fromAsync(kv.list({ prefix: [name] })), []);
  }
});

Deno.test("sweepAgenda() moves each task once when two workers sweep at the same time", async () => {
  using lab = await open();
  for (let number = 0; number < 20; number++) {
    await stored(lab.store, { state: { status: "scheduled", due: START } });
  }
  const other = new TaskStore(lab.kv);
  const sweeps = await Promise.all(
    [lab.store, other].map((store) => sweepAgenda(store, { ...options, now: START })),
  );
  assertEquals(sweeps.reduce((sum, { moved }) => sum + moved, 0), 20);
});

Deno.test("sweepAgenda() takes so many at a time, and says that there are more", async () => {
  using lab = await open();
  for (let number = 0; number < 5; number++) {
    await stored(lab.store, { state: { status: "scheduled", due: START + number } });
  }
  const sweep = await sweepAgenda(lab.store, { ...options, now: START + 100, limit: 3 });
  assertEquals(sweep, { moved: 3, next: START + 3 });
});

Deno.test("sweepAgenda() drops an entry whose task is gone", async () => {
  using lab = await open();
  const { store, kv } = lab;
  await kv.set(["agenda", START, "alice", "gone"], 0);
  await sweepAgenda(store, { ...options, now: START });
  assertEquals(await sweepAgenda(store, { ...options, now: START }), { moved: 0, next: undefined });
});

Deno.test("sweepAgenda() ends a schedule whose owner may not have it any more, and waits where that is not known", async () => {
  using lab = await open();
  const { store } = lab;
  const { task } = await stored(store, { repeat: { every: 60 }, state: { status: "scheduled", due: START } });
  const sweep = (mayRecur: () => Promise<boolean>) =>
    sweepAgenda(store, { ...options, now: START, mayRecur });
  assertEquals((await sweep(() => Promise.reject(new Error("away")))).moved, 0);
  assertEquals((await read(store, task)).task.state.status, "scheduled");
  assertEquals((await sweep(() => Promise.resolve(false))).moved, 1);
  assertEquals((await read(store, task)).task.state.status, "cancelled");
  assertEquals((await Array.fromAsync(store.list("alice"))).length, 1);
  const other = await stored(store, { repeat: { every: 60 }, state: { status: "scheduled", due: START } });
  await sweep(() => Promise.resolve(true));
  assertEquals((await read(store, other.task)).task.state.status, "queued");
});
