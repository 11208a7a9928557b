import { ManualClock } from "@flotilla/runtime/testing";
import { assertEquals } from "@std/assert";
import { stored } from "../testing/tasks.ts";
import { Candidates } from "./candidates.ts";
import { Lanes } from "./lanes.ts";
import { type TaskEntry, TaskStore } from "./task_store.ts";

async function open(count: number) {
  const kv = await Deno.openKv(":memory:");
  const clock = new ManualClock();
  const store = new TaskStore(kv, { clock });
  for (let number = 0; number < count; number++) await stored(store, { id: `t${number + 10}` });
  let reads = 0;
  const list = kv.list.bind(kv);
  kv.list = (selector, options) => {
    reads++;
    return list(selector, options);
  };
  const candidates = new Candidates(new Lanes(store, { clock }), { clock });
  return {
    candidates,
    clock,
    store,
    reads: () => reads,
    [Symbol.dispose]: () => kv.close(),
  };
}

const anything = () => true;
const ids = (tasks: readonly TaskEntry[]) => tasks.map(({ task }) => task.id);

Deno.test("Candidates.take() offers no task that is being claimed", async () => {
  using lab = await open(5);
  const { candidates, clock } = lab;
  const first = await candidates.take(2, anything);
  assertEquals(ids(first), ["t10", "t11"]);
  clock.jump(1_000);
  assertEquals(ids(await candidates.take(2, anything)), ["t12", "t13"]);
  // That claim came to nothing: its tasks are read again.
  candidates.settle(first, false);
  clock.jump(1_000);
  assertEquals(ids(await candidates.take(3, anything)), ["t10", "t11", "t14"]);
});

Deno.test("Candidates.take() reads ahead for a worker in a hurry, and takes what was read for a moment only", async () => {
  using lab = await open(20);
  const { candidates, clock, reads } = lab;
  await candidates.take(1, anything);
  await candidates.take(1, anything);
  const before = reads();
  assertEquals(ids(await candidates.take(1, anything)), ["t12"]);
  assertEquals(reads(), before);
  clock.jump(1_000);
  await candidates.take(1, anything);
  assertEquals(reads() > before, true);
});

Deno.test("Candidates.take() gives up what was read ahead when another worker was faster", async () => {
  using lab = await open(20);
  const { candidates, reads } = lab;
  const tasks = [...await candidates.take(1, anything), ...await candidates.take(1, anything)];
  const before = reads();
  candidates.settle(tasks, true);
  await candidates.take(1, anything);
  assertEquals(reads() > before, true);
});

Deno.test("Candidates.take() leaves alone what is not accepted, though it was read ahead", async () => {
  using lab = await open(20);
  const { candidates } = lab;
  await candidates.take(1, anything);
  await candidates.take(1, anything);
  assertEquals(await candidates.take(1, () => false), []);
});

Deno.test("Candidates.take() reads on behind what it has read, and soon what came to the front meanwhile", async () => {
  using lab = await open(90);
  const { candidates, clock, store, reads } = lab;
  const taken: string[] = [];
  const before = reads();
  for (let time = 0; time < 18; time++) taken.push(...ids(await candidates.take(4, anything)));
  assertEquals(taken, Array.from({ length: 72 }, (_, index) => `t${index + 10}`));
  // Of lanes and of one lane's tasks.
  assertEquals(reads() - before <= 2 * 5, true);
  await stored(store, { id: "urgent", priority: 9 });
  clock.jump(60);
  const next: string[] = [];
  for (let time = 0; time < 6; time++) next.push(...ids(await candidates.take(4, anything)));
  assertEquals(next.filter((id) => id === "urgent"), ["urgent"]);
});

Deno.test("Candidates.take() offers what was passed over as soon as it is accepted, though it has read further", async () => {
  using lab = await open(3);
  const { candidates } = lab;
  assertEquals(ids(await candidates.take(1, anything)), ["t10"]);
  assertEquals(ids(await candidates.take(1, anything)), ["t11"]);
  assertEquals(await candidates.take(1, () => false), []);
  assertEquals(ids(await candidates.take(1, anything)), ["t12"]);
});
