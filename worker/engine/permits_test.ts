import { assertEquals } from "@std/assert";
import { RunnerLab, type TestKind } from "../testing/runner_lab.ts";
import { read } from "../testing/tasks.ts";
import { WorkerLease } from "./worker_lease.ts";

/** A kind that notes how many of it run at once, and runs until it is let go. */
function counting() {
  const running = new Map<string, number>();
  const most = new Map<string, number>();
  const gates: (() => void)[] = [];
  const kind: TestKind = {
    async run({ owner: { subject } }) {
      const now = (running.get(subject) ?? 0) + 1;
      running.set(subject, now);
      most.set(subject, Math.max(most.get(subject) ?? 0, now));
      await new Promise<void>((resolve) => gates.push(resolve));
      running.set(subject, (running.get(subject) ?? 0) - 1);
    },
  };
  return { kind, most, gates };
}

Deno.test("a kind's concurrency holds over all workers, and places that come free are taken", async () => {
  await using lab = await RunnerLab.open();
  const { kind, most, gates } = counting();
  for (let number = 0; number < 2; number++) lab.runner({ ...kind, concurrency: 2 });
  const tasks = await Promise.all(Array.from({ length: 7 }, () => lab.queue()));
  for (let done = 0; done < 7; done++) {
    await lab.eventually(() => gates.length > 0);
    gates.shift()?.();
  }
  for (const task of tasks) await lab.until(task, "succeeded");
  assertEquals(most.get("alice"), 2);
});

Deno.test("perOwner holds for each owner by itself", async () => {
  await using lab = await RunnerLab.open();
  const { kind, most, gates } = counting();
  for (let number = 0; number < 2; number++) lab.runner(kind, { perOwner: 1 });
  const owners = ["alice", "alice", "alice", "bob", "bob"];
  const tasks = await Promise.all(owners.map((owner) => lab.queue({ owner })));
  await lab.eventually(() => gates.length === 2);
  for (let done = 0; done < 5; done++) {
    await lab.eventually(() => gates.length > 0);
    gates.shift()?.();
  }
  for (const task of tasks) await lab.until(task, "succeeded");
  assertEquals(Object.fromEntries(most), { alice: 1, bob: 1 });
});

Deno.test("a worker that was lost leaves no place taken", async () => {
  await using lab = await RunnerLab.open();
  const place = ["permit", "kind", "test", 0];
  const task = await lab.queue();
  const options = { holder: "lost", clock: lab.clock, duration: 10_000 };
  const entry = await read(lab.store, task);
  const { holds } = await new WorkerLease(lab.store, options).claim([{ entry, permits: [place] }]);
  assertEquals(holds.length, 1);
  const { kind, gates } = counting();
  lab.runner({ ...kind, concurrency: 1 });
  const next = await lab.queue();
  await lab.pass(() => gates.length > 0);
  for (let done = 0; done < 2; done++) {
    await lab.pass(() => gates.length > 0);
    gates.shift()?.();
  }
  await lab.until(task, "succeeded");
  await lab.until(next, "succeeded");
  assertEquals((await lab.kv.get(place)).versionstamp, null);
});
