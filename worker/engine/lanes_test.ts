import { assertEquals } from "@std/assert";
import { START, stored } from "../testing/tasks.ts";
import { keys, PRIORITY_STEP } from "./keys.ts";
import { Lanes } from "./lanes.ts";
import { TaskStore } from "./task_store.ts";

async function open() {
  const kv = await Deno.openKv(":memory:");
  const store = new TaskStore(kv);
  return { kv, store, lanes: new Lanes(store), [Symbol.dispose]: () => kv.close() };
}

const anything = () => true;

/** Takes tasks one at a time, as a worker does whose places come free one at a time. */
async function drain(store: TaskStore, lanes: Lanes): Promise<string[]> {
  const taken: string[] = [];
  for (;;) {
    const [entry] = await lanes.load(await lanes.next(1, anything));
    if (entry === undefined) return taken;
    await store.change(entry, { type: "cancel", now: START, retention: 1_000 });
    taken.push(entry.task.id);
  }
}

Deno.test("Lanes.next() serves owners in turn, however many tasks one of them has", async () => {
  using lab = await open();
  const { store, lanes } = lab;
  for (let number = 0; number < 6; number++) await stored(store, { id: `a${number}`, owner: "alice" });
  await stored(store, { id: "b0", owner: "bob" });
  await stored(store, { id: "c0", owner: "carol" });
  const chosen = await lanes.next(4, anything);
  assertEquals(chosen.map(({ id }) => id), ["a0", "b0", "c0", "a1"]);
  assertEquals((await drain(store, lanes)).slice(0, 4), ["b0", "c0", "a0", "a1"]);
});

Deno.test("Lanes.next() takes an owner's tasks in the order of their coming, over all kinds", async () => {
  using lab = await open();
  for (let number = 0; number < 4; number++) {
    const kind = number % 2 === 0 ? "even" : "odd";
    await stored(lab.store, { id: `t${number}`, kind, state: { status: "queued", since: START + number } });
  }
  assertEquals(await drain(lab.store, lab.lanes), ["t0", "t1", "t2", "t3"]);
});

Deno.test("Lanes.next() puts priority first, until waiting outweighs it: nothing starves", async () => {
  using lab = await open();
  const { store, lanes } = lab;
  const queued = (id: string, priority: number, since: number) =>
    stored(store, { id, priority, state: { status: "queued", since } });
  await queued("low", -2, START);
  await queued("normal", 0, START + 1);
  await queued("high", 5, START + 2);
  await queued("high, later", 5, START + 8 * PRIORITY_STEP);
  assertEquals(await drain(store, lanes), ["high", "normal", "low", "high, later"]);
});

Deno.test("Lanes.next() leaves lanes alone that are not accepted", async () => {
  using lab = await open();
  for (let number = 0; number < 40; number++) {
    await stored(lab.store, { kind: "foreign", owner: `owner ${number}` });
  }
  await stored(lab.store, { id: "ours", owner: "zoe" });
  const chosen = await lab.lanes.next(3, ({ kind }) => kind === "test");
  assertEquals(chosen.map(({ id }) => id), ["ours"]);
});

Deno.test("Lanes.next() forgets a lane that is empty, but not one that was filled meanwhile", async () => {
  using lab = await open();
  const { store, lanes, kv } = lab;
  const laneKey = keys.lane("alice", "test");
  const entry = await stored(store);
  await store.change(entry, { type: "cancel", now: START, retention: 1_000 });
  const list = kv.list.bind(kv);
  let filled = false;
  // A task comes between the look at the lane and the look into it.
  kv.list = <T>(...args: Parameters<Deno.Kv["list"]>): Deno.KvListIterator<T> => {
    const entries = list<T>(...args);
    const next = entries.next.bind(entries);
    entries.next = async () => {
      const result = await next();
      if (result.done === true && "prefix" in args[0] && !filled) {
        filled = true;
        await stored(store, { id: "new" });
      }
      return result;
    };
    return entries;
  };
  assertEquals(await lanes.next(1, anything), []);
  assertEquals((await kv.get(laneKey)).versionstamp !== null, true);
  assertEquals(await drain(store, lanes), ["new"]);
  assertEquals((await kv.get(laneKey)).versionstamp, null);
});

Deno.test("Lanes.next() costs as many requests with a thousand tasks as with ten", async () => {
  using lab = await open();
  const { store, lanes, kv } = lab;
  let requests = 0;
  const list = kv.list.bind(kv);
  kv.list = (selector, options) => {
    requests++;
    return list(selector, options);
  };
  const cost = async () => {
    requests = 0;
    await lanes.next(5, anything);
    return requests;
  };
  for (let number = 0; number < 10; number++) await stored(store);
  await cost();
  const few = await cost();
  for (let number = 0; number < 990; number++) await stored(store);
  assertEquals(await cost(), few);
});
