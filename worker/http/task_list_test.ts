import { assertEquals } from "@std/assert";
import { z } from "zod";
import { defineTask } from "../engine/define_task.ts";
import { principal, WorkerLab } from "../testing/worker_lab.ts";

const echo = defineTask({
  name: "echo",
  input: z.looseObject({}),
  run: ({ input }) => Promise.resolve(input),
});

interface Page {
  readonly tasks: readonly { id: string; status: string }[];
  readonly next: string | null;
}

Deno.test("GET /longtask gives the caller's own tasks, newest first, page by page", async () => {
  await using lab = await WorkerLab.open();
  const worker = lab.worker([echo]);
  const sent: string[] = [];
  for (let number = 0; number < 5; number++) sent.unshift(await lab.send(worker, { task: "echo", number }));
  await lab.send(worker, { task: "echo" }, { as: principal("bob") });
  // Of one millisecond any may be the newest: the order is that of the ids.
  sent.sort().reverse();
  const seen: string[] = [];
  const sizes: number[] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const query: string = cursor === "" ? "" : `&cursor=${cursor}`;
    const page: Page = await (await lab.call(worker, `/longtask?limit=2${query}`)).json();
    seen.push(...page.tasks.map(({ id }) => id));
    sizes.push(page.tasks.length);
    cursor = page.next;
  }
  assertEquals([seen, sizes], [sent, [2, 2, 1]]);
});

Deno.test("GET /longtask?status gives those of a status only, without their results", async () => {
  await using lab = await WorkerLab.open();
  const worker = lab.worker([echo]);
  const first = await lab.send(worker, { task: "echo", value: "x" });
  worker.start();
  await lab.until(worker, first, ["succeeded"]);
  await worker.stop();
  const second = await lab.send(worker, { task: "echo" });
  const ids = async (status: string) => {
    const page: Page = await (await lab.call(worker, `/longtask?status=${status}`)).json();
    assertEquals(page.tasks.some((task) => "result" in task || "input" in task), false);
    return page.tasks.map(({ id }) => id);
  };
  assertEquals([await ids("succeeded"), await ids("queued"), await ids("failed")], [[first], [second], []]);
});

Deno.test("GET /longtask refuses a query that cannot be with 422", async () => {
  await using lab = await WorkerLab.open();
  const worker = lab.worker([echo]);
  for (const query of ["status=done", "limit=0", "limit=101", "limit=x", "cursor=%22%20"]) {
    const response = await lab.call(worker, `/longtask?${query}`);
    await response.body?.cancel();
    assertEquals(response.status, 422);
  }
});
