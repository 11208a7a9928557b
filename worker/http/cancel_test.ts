import { assertEquals } from "@std/assert";
import { z } from "zod";
import { defineTask } from "../engine/define_task.ts";
import { principal, WorkerLab } from "../testing/worker_lab.ts";

/** Goes on until it is cancelled. */
const endless = defineTask({
  name: "endless",
  input: z.strictObject({}),
  run: ({ signal }) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true })),
});
const broken = defineTask({
  name: "broken",
  input: z.strictObject({}),
  retry: { attempts: 1 },
  run: () => Promise.reject(new Error("always")),
});

Deno.test("DELETE /longtask/:id answers 204 to what had not begun, also twice", async () => {
  await using lab = await WorkerLab.open();
  const worker = lab.worker([endless]);
  const id = await lab.send(worker, { task: "endless" });
  for (let time = 0; time < 2; time++) {
    const response = await lab.call(worker, `/longtask/${id}`, { method: "DELETE" });
    assertEquals([response.status, response.body], [204, null]);
  }
  assertEquals((await lab.see(worker, id)).status, "cancelled");
});

Deno.test("DELETE /longtask/:id answers 202 to what runs, on any worker, and the run is ended", async () => {
  await using lab = await WorkerLab.open();
  const runner = lab.worker([endless]);
  const other = lab.worker([endless]);
  runner.start();
  const id = await lab.send(runner, { task: "endless" });
  await lab.until(other, id, ["running"]);
  const response = await lab.call(other, `/longtask/${id}`, { method: "DELETE" });
  const { cancelling } = await response.json();
  assertEquals([response.status, cancelling], [202, true]);
  await lab.until(other, id, ["cancelled"]);
});

Deno.test("DELETE /longtask/:id answers 409 to what is over", async () => {
  await using lab = await WorkerLab.open();
  const worker = lab.worker([broken]);
  worker.start();
  const id = await lab.send(worker, { task: "broken" });
  await lab.until(worker, id, ["failed"]);
  const response = await lab.call(worker, `/longtask/${id}`, { method: "DELETE" });
  assertEquals([response.status, (await response.json()).detail], [
    409,
    "A task that is over stays as it is: it is failed",
  ]);
});

Deno.test("POST /longtask/:id/retry sends a failed task again, and refuses one that is not over", async () => {
  await using lab = await WorkerLab.open();
  const worker = lab.worker([broken]);
  const id = await lab.send(worker, { task: "broken" });
  const early = await lab.call(worker, `/longtask/${id}/retry`, { method: "POST" });
  await early.body?.cancel();
  assertEquals(early.status, 409);
  worker.start();
  await lab.until(worker, id, ["failed"]);
  await worker.stop();
  const again = await lab.call(worker, `/longtask/${id}/retry`, { method: "POST" });
  assertEquals([again.status, (await again.json()).status], [202, "queued"]);
});

Deno.test("an administrator sees the failed tasks of all, and sends them again; nobody else does", async () => {
  await using lab = await WorkerLab.open();
  const worker = lab.worker([broken]);
  worker.start();
  const admin = principal("root", { role: "admin" });
  const ids: string[] = [];
  for (const subject of ["alice", "bob", "carol"]) {
    const as = principal(subject);
    const id = await lab.send(worker, { task: "broken" }, { as });
    ids.push(id);
    await lab.untilSeen(worker, id, { as, statuses: ["failed"] });
  }
  const page = await (await lab.call(worker, "/longtask?owner=*&status=failed&limit=2", { as: admin }))
    .json();
  assertEquals(page.tasks.map(({ owner }: { owner: string }) => owner), ["alice", "bob"]);
  const cursor = encodeURIComponent(page.next);
  const path = `/longtask?owner=*&status=failed&limit=2&cursor=${cursor}`;
  const rest = await (await lab.call(worker, path, { as: admin })).json();
  assertEquals([rest.tasks.map(({ id }: { id: string }) => id), rest.next], [[ids[2]], null]);
  const again = await lab.call(worker, `/longtask/${ids[1]}/retry?owner=bob`, { method: "POST", as: admin });
  await again.body?.cancel();
  assertEquals(again.status, 202);
  for (
    const path of ["/longtask?owner=*&status=failed", "/longtask?owner=bob", `/longtask/${ids[1]}?owner=bob`]
  ) {
    const response = await lab.call(worker, path);
    await response.body?.cancel();
    assertEquals(response.status, 403);
  }
});
