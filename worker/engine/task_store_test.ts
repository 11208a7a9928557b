import { assert, assertEquals, assertRejects } from "@std/assert";
import { ManualClock } from "@flotilla/runtime/testing";
import fc from "fast-check";
import { lease, read, RETENTION, START, stored, testTask } from "../testing/tasks.ts";
import { lossyKv } from "../testing/lossy_kv.ts";
import { indexKeys, keys } from "./keys.ts";
import { readQueueCounts } from "./queue_counts.ts";
import { type Task, TASK_STATUSES } from "./task_state.ts";
import { RefusedError, TaskStore } from "./task_store.ts";
import { keyText } from "./write_plan.ts";

const retention = RETENTION;
const claim = (token: string) => ({ type: "claim", now: START, lease: lease(token) }) as const;

async function open() {
  const kv = await Deno.openKv(":memory:");
  const clock = new ManualClock();
  return { kv, clock, store: new TaskStore(kv, { clock }), [Symbol.dispose]: () => kv.close() };
}

async function keysUnder(kv: Deno.Kv, ...names: string[]): Promise<string[]> {
  const found: string[] = [];
  for (const name of names) {
    for await (const { key } of kv.list({ prefix: [name] })) found.push(keyText(key));
  }
  return found.sort();
}

Deno.test("TaskStore keeps the keys by which tasks are found, and the counters, in step with their records", async () => {
  using lab = await open();
  const { store, kv, clock } = lab;
  const steps = fc.sample(
    fc.array(
      fc.tuple(
        fc.nat(5),
        fc.constantFrom("due", "lost", "claim", "fail", "retry", "succeed", "cancel", "resend"),
      ),
    ),
    { numRuns: 40, seed: 7 },
  );
  for (const walk of steps) {
    const tasks = await Promise.all(Array.from({ length: 6 }, () => stored(store, { now: clock.now() })));
    for (const [index, name] of walk) {
      const entry = tasks[index];
      assert(entry !== undefined);
      clock.jump(4_000);
      const changed = await store.change(entry, eventOf(name, entry.task, clock.now())).catch((thrown) =>
        thrown
      );
      if (!(changed instanceof RefusedError)) tasks[index] = changed;
    }
  }
  const records: Task[] = [];
  for await (const { task } of store.list("alice")) records.push(task);
  const wanted = records.flatMap((task) => indexKeys(task)).map(keyText).sort();
  assertEquals(await keysUnder(kv, "ready", "agenda", "failed"), wanted);
  const counts = await readQueueCounts(kv);
  for (const status of TASK_STATUSES.slice(0, 4)) {
    assertEquals(counts[status], records.filter(({ state }) => state.status === status).length);
  }
});

function eventOf(name: string, { state }: Task, now: number) {
  const token = state.status === "running" ? state.lease.token : "";
  const error = { name: "Error", message: "no" };
  switch (name) {
    case "due":
      return { type: "due", now } as const;
    case "lost":
      return { type: "lost", now, lease: lease(token).id, maxLosses: 3, retention } as const;
    case "claim":
      return { type: "claim", now, lease: lease(crypto.randomUUID()) } as const;
    case "fail":
      return { type: "fail", now, token, error, retryAt: undefined, retention } as const;
    case "retry":
      return { type: "fail", now, token, error, retryAt: now + 100, retention } as const;
    case "succeed":
      return {
        type: "succeed",
        now,
        token,
        result: { kind: "inline", value: 1 },
        files: [],
        retention,
      } as const;
    case "cancel":
      return { type: "cancel", now, retention } as const;
    default:
      return { type: "resend", now } as const;
  }
}

Deno.test("TaskStore.change() lets one of two claims win", async () => {
  using lab = await open();
  const entry = await stored(lab.store);
  const other = new TaskStore(lab.kv, { clock: lab.clock });
  const outcomes = await Promise.allSettled([
    lab.store.change(entry, claim("a")),
    other.change(entry, claim("b")),
  ]);
  assertEquals(outcomes.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
});

Deno.test("TaskStore.change() judges its event anew when another change came first", async () => {
  using lab = await open();
  const { store } = lab;
  const entry = await stored(store);
  const running = await store.change(entry, claim("a"));
  await store.change(running, { type: "cancel", now: START, retention });
  const progress = { fraction: 0.5 };
  const noted = await store.change(running, { type: "progress", now: START, token: "a", progress });
  const { state } = noted.task;
  assertEquals([state.status === "running" && state.cancelling, noted.task.progress.fraction], [true, 0.5]);
});

Deno.test("TaskStore knows its own write whose answer was lost", async () => {
  using lab = await open();
  const lossy = lossyKv(lab.kv);
  const store = new TaskStore(lossy.kv, { clock: lab.clock });
  const task = testTask();
  lossy.next = "applied, said to have failed";
  assertEquals(await store.create(task), true);
  lossy.next = "applied, said to have failed";
  const claimed = await store.change(await read(store, task), claim("a"));
  assertEquals(claimed.task.attempt, 1);
  assertEquals(await read(store, task), claimed);
});

Deno.test("TaskStore.change() is the same change when it is tried again after a time-out", async () => {
  using lab = await open();
  const lossy = lossyKv(lab.kv);
  const store = new TaskStore(lossy.kv, { clock: lab.clock });
  const running = await store.change(await stored(store), claim("a"));
  const fail = {
    type: "fail",
    now: START,
    token: "a",
    error: { name: "Error", message: "no" },
    retryAt: START + 1,
    retention,
  } as const;
  lossy.next = "applied, never answered";
  await assertRejects(() => store.change(running, fail, { write: "w-1" }));
  const changed = await store.change(running, fail, { write: "w-1" });
  assertEquals([changed.task.state.status, changed.task.failures], ["retrying", 1]);
});

Deno.test("TaskStore.get() does not show what may be forgotten, though it is there still", async () => {
  using lab = await open();
  const { store, clock } = lab;
  const entry = await stored(store);
  await store.change(entry, { type: "cancel", now: clock.now(), retention: 1_000 });
  clock.jump(999);
  assertEquals((await read(store, entry.task)).task.state.status, "cancelled");
  clock.jump(1);
  assertEquals(await store.get({ owner: "alice", id: entry.task.id }), undefined);
});

Deno.test("TaskStore.list() gives an owner's own tasks, newest first, from a cursor", async () => {
  using lab = await open();
  for (const id of ["1", "2", "3"]) await stored(lab.store, { id });
  await stored(lab.store, { id: "4", owner: "bob" });
  const ids = async (before?: string) =>
    (await Array.fromAsync(lab.store.list("alice", before === undefined ? {} : { before }))).map(({ task }) =>
      task.id
    );
  assertEquals(await ids(), ["3", "2", "1"]);
  assertEquals(await ids("2"), ["1"]);
});

Deno.test("TaskStore makes the next of a recurring task with the change that queues this one, once", async () => {
  using lab = await open();
  const { store, kv } = lab;
  const repeat = { every: 60 };
  const entry = await stored(store, { repeat, state: { status: "scheduled", due: START } });
  const event = { type: "due", now: START + 150_000 } as const;
  const other = new TaskStore(kv, { clock: lab.clock });
  await Promise.allSettled([store.change(entry, event), other.change(entry, event)]);
  const tasks = (await Array.fromAsync(store.list("alice"))).map(({ task }) => task.state);
  assertEquals(tasks.map(({ status }) => status).sort(), ["queued", "scheduled"]);
  const next = tasks.find(({ status }) => status === "scheduled");
  assertEquals(next, { status: "scheduled", due: START + 180_000 });
});

Deno.test("TaskStore leaves one task behind that tells of the end", async () => {
  using lab = await open();
  const { store, kv } = lab;
  const entry = await stored(store, { notify: { url: "https://example.com/", secret: "whsec_x" } });
  await store.change(entry, { type: "cancel", now: START, retention });
  const told = (await Array.fromAsync(store.list("alice"))).find(({ task }) => task.kind === "http");
  const { url, secret, body } = Object(told?.task.input);
  assertEquals([url, secret, body.type, body.data.id], [
    "https://example.com/",
    "whsec_x",
    "task.cancelled",
    entry.task.id,
  ]);
  assertEquals((await kv.get(keys.lane("alice", "http"))).value !== null, true);
});
