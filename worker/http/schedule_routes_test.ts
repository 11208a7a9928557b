import { assertEquals, assertMatch } from "@std/assert";
import { z } from "zod";
import { defineTask } from "../engine/define_task.ts";
import { principal, WorkerLab } from "../testing/worker_lab.ts";

const echo = defineTask({
  name: "echo",
  input: z.looseObject({}),
  run: ({ input }) => Promise.resolve(input),
});
const NIGHTLY = { cron: "30 2 * * *", time_zone: "Europe/Berlin" };

Deno.test("GET /longtask/schedules lists what comes again, and when next", async () => {
  await using lab = await WorkerLab.open();
  const worker = lab.worker([echo]);
  const id = await lab.send(worker, { task: "echo", repeat: NIGHTLY, room: 7 });
  await lab.send(worker, { task: "echo", delay: 60 });
  const { schedules } = await (await lab.call(worker, "/longtask/schedules")).json();
  assertEquals(schedules.length, 1);
  const [{ task, repeat, input, next, url }] = schedules;
  assertEquals([task, repeat, input, url, next.id], [
    "echo",
    NIGHTLY,
    { room: 7 },
    `/longtask/schedules/${id}`,
    id,
  ]);
  assertMatch(next.run_at, /T0[01]:30:00\.000Z$/);
  assertEquals(await (await lab.call(worker, url)).json(), schedules[0]);
  const others = await (await lab.call(worker, "/longtask/schedules", { as: principal("bob") })).json();
  assertEquals(others, { schedules: [] });
});

Deno.test("A schedule keeps its id from task to task, and its tasks can be listed by it", async () => {
  await using lab = await WorkerLab.open();
  const worker = lab.worker([echo]);
  worker.start();
  const id = await lab.send(worker, { task: "echo", repeat: { every: 3_600 } });
  await lab.until(worker, id, ["succeeded"]);
  const schedule = await (await lab.call(worker, `/longtask/schedules/${id}`)).json();
  assertEquals([schedule.id, schedule.next.id === id], [id, false]);
  await lab.send(worker, { task: "echo" });
  const { tasks } = await (await lab.call(worker, `/longtask?schedule=${id}&task=echo`)).json();
  assertEquals(
    tasks.map((task: { id: string }) => task.id).sort(),
    [schedule.next.id, id].sort(),
  );
});

Deno.test("DELETE /longtask/schedules/:id cancels what would come, and no more", async () => {
  await using lab = await WorkerLab.open();
  const worker = lab.worker([echo]);
  worker.start();
  const id = await lab.send(worker, { task: "echo", repeat: { every: 3_600 } });
  await lab.until(worker, id, ["succeeded"]);
  const remove = async (as = principal("alice")) => {
    const response = await lab.call(worker, `/longtask/schedules/${id}`, { method: "DELETE", as });
    await response.body?.cancel();
    return response.status;
  };
  assertEquals([await remove(principal("bob")), await remove(), await remove()], [404, 204, 404]);
  const { tasks } = await (await lab.call(worker, `/longtask?schedule=${id}`)).json();
  assertEquals(tasks.map((task: { status: string }) => task.status).sort(), ["cancelled", "succeeded"]);
});

Deno.test("POST /longtask with repeat answers 409 when there are too many schedules", async () => {
  await using lab = await WorkerLab.open();
  const worker = lab.worker([echo]);
  const body = { task: "echo", repeat: { every: 3_600 }, delay: 60 };
  for (let number = 0; number < 100; number++) await lab.send(worker, body);
  const response = await lab.call(worker, "/longtask", { method: "POST", body: JSON.stringify(body) });
  assertEquals([response.status, (await response.json()).status], [409, 409]);
});
