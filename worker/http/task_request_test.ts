import { assertEquals } from "@std/assert";
import { z } from "zod";
import { defineTask } from "../engine/define_task.ts";
import { builtinKinds } from "../kinds/builtin.ts";
import { type SeenTask, WorkerLab } from "../testing/worker_lab.ts";

const echo = defineTask({
  name: "echo",
  input: z.looseObject({}),
  run: ({ input }) => Promise.resolve(input),
});

async function statusOf(lab: WorkerLab, kinds: readonly ReturnType<typeof defineTask>[], body: unknown) {
  const response = await lab.call(lab.worker(kinds), "/longtask", {
    method: "POST",
    body: JSON.stringify(body),
  });
  await response.body?.cancel();
  return response.status;
}

Deno.test("POST /longtask with delay or run_at schedules, and says when to ask again", async () => {
  await using lab = await WorkerLab.open();
  const worker = lab.worker([echo]);
  const delayed = await lab.send(worker, { task: "echo", delay: 30 });
  const response = await lab.call(worker, `/longtask/${delayed}`);
  const seen: SeenTask = await response.json();
  assertEquals([seen.status, response.headers.get("retry-after")], ["scheduled", "30"]);
  assertEquals(Date.parse(String(seen.run_at)) - Date.parse(String(seen.created)), 30_000);
  const at = new Date(Date.now() + 3_600_000).toISOString();
  const dated = await lab.see(worker, await lab.send(worker, { task: "echo", run_at: at }));
  assertEquals([dated.status, dated.run_at], ["scheduled", at]);
});

Deno.test("POST /longtask runs a task when its delay is over", async () => {
  await using lab = await WorkerLab.open();
  const worker = lab.worker([echo]);
  worker.start();
  const id = await lab.send(worker, { task: "echo", delay: 0.05, value: 1 });
  const done = await lab.until(worker, id, ["succeeded"]);
  assertEquals(done.result, { value: 1 });
});

Deno.test("POST /longtask with repeat runs a task again and again, until what comes next is cancelled", async () => {
  await using lab = await WorkerLab.open();
  const worker = lab.worker([echo]);
  worker.start();
  await lab.until(worker, await lab.send(worker, { task: "echo", repeat: { every: 3_600 } }), ["succeeded"]);
  const { tasks } = await (await lab.call(worker, "/longtask?status=scheduled")).json();
  assertEquals([tasks.length, tasks[0].repeat], [1, { every: 3_600 }]);
  const response = await lab.call(worker, `/longtask/${tasks[0].id}`, { method: "DELETE" });
  assertEquals(response.status, 204);
});

Deno.test("POST /longtask refuses input with 413 that the store has no room for", async () => {
  await using lab = await WorkerLab.open();
  const worker = lab.worker([echo]);
  const taken = async (count: number) => {
    // Four characters of the body, and twenty-one of what is kept.
    const body = `{"task":"echo","numbers":[${Array(count).fill("1e20")}]}`;
    const response = await lab.call(worker, "/longtask", { method: "POST", body });
    await response.body?.cancel();
    return response.status;
  };
  assertEquals([await taken(1_800), await taken(1_900)], [202, 413]);
});

Deno.test("POST /longtask refuses options that cannot be with 422", async () => {
  await using lab = await WorkerLab.open();
  const refused = [
    { priority: 11 },
    { priority: 0.5 },
    { delay: -1 },
    { delay: 40_000_000 },
    { run_at: "tomorrow" },
    { run_at: "2099-01-01T00:00:00Z" },
    { delay: 1, run_at: new Date().toISOString() },
    { repeat: { every: 0 } },
    { repeat: { every: 60, cron: "* * * * *" } },
    { repeat: { cron: "61 * * * *" } },
    { repeat: { cron: "0 0 30 2 *" } },
    { repeat: { cron: "* * * * *", time_zone: "Mars/Olympus" } },
    { notify: { url: "ftp://example.com" } },
    { notify: { url: "https://example.com", secret: "short" } },
  ];
  for (const options of refused) {
    assertEquals(
      await statusOf(lab, [echo, ...builtinKinds()], { task: "echo", ...options }),
      422,
      JSON.stringify(options),
    );
  }
  assertEquals(await statusOf(lab, [echo], { task: "echo", notify: { url: "https://example.com" } }), 422);
});

Deno.test("GET /longtask/:id never shows a secret again", async () => {
  await using lab = await WorkerLab.open();
  const worker = lab.worker([echo, ...builtinKinds()]);
  const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const url = "https://example.com/";
  const ids = [
    await lab.send(worker, { task: "http", url, secret }),
    await lab.send(worker, { task: "echo", notify: { url, secret } }),
  ];
  for (const id of ids) {
    const text = JSON.stringify(await lab.see(worker, id));
    assertEquals([text.includes(secret), text.includes(url)], [false, true]);
  }
});
