import { assertEquals, assertMatch } from "@std/assert";
import { z } from "zod";
import { defineTask } from "./engine/define_task.ts";
import { principal, WorkerLab } from "./testing/worker_lab.ts";

const add = defineTask({
  name: "add",
  input: z.strictObject({ left: z.number(), right: z.number() }),
  run: ({ input }) => Promise.resolve(input.left + input.right),
});

Deno.test("createWorker() takes a task with 202, runs it, and tells its result", async () => {
  await using lab = await WorkerLab.open();
  const worker = lab.worker([add]);
  const response = await lab.call(worker, "/longtask", {
    method: "POST",
    body: JSON.stringify({ task: "add", left: 2, right: 3 }),
  });
  const { status, id, url } = await response.json();
  assertEquals([response.status, status, url], [202, "Task queued", `/longtask/${id}`]);
  assertEquals(response.headers.get("location"), url);
  const waiting = await lab.call(worker, url);
  assertEquals([waiting.headers.get("retry-after"), (await waiting.json()).status], ["1", "queued"]);
  worker.start();
  const done = await lab.until(worker, id, ["succeeded"]);
  assertEquals([done.task, done.result, done.attempt, done.progress], ["add", 5, 1, 1]);
  assertMatch(String(done.created), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  const over = await lab.call(worker, url);
  await over.body?.cancel();
  assertEquals(over.headers.get("retry-after"), null);
});

Deno.test("createWorker() refuses an unknown kind, and input that the kind does not take, with 422", async () => {
  await using lab = await WorkerLab.open();
  const worker = lab.worker([add]);
  const refused: [unknown, string][] = [
    [{ task: "nothing" }, "/task"],
    [{ task: "add", left: 1 }, "/right"],
    [{ task: "add", left: 1, right: 2, more: 3 }, ""],
    [7, ""],
    [{ task: "add", left: 1, right: 2, notify: { url: "x" } }, "/notify/url"],
    [{ task: "add", left: 1, right: 2, run_at: "2099-01-01T00:00:00Z" }, "/run_at"],
    [{ task: "add", left: 1, right: 2, repeat: { cron: "61 * * * *" } }, "/repeat"],
  ];
  for (const [body, pointer] of refused) {
    const response = await lab.call(worker, "/longtask", { method: "POST", body: JSON.stringify(body) });
    const problem = await response.json();
    assertEquals([response.status, problem.status, problem.errors[0].pointer], [422, 422, pointer]);
    assertEquals(typeof problem.errors[0].detail, "string");
  }
});

Deno.test("createWorker() refuses what is no JSON, another media type, and a body that is too large", async () => {
  await using lab = await WorkerLab.open();
  const worker = lab.worker([add]);
  const status = async (init: RequestInit) => {
    const response = await lab.call(worker, "/longtask", { method: "POST", ...init });
    await response.body?.cancel();
    return response.status;
  };
  assertEquals(await status({ body: "{" }), 400);
  assertEquals(await status({ body: "{}", headers: { "content-type": "text/plain" } }), 415);
  assertEquals(await status({ body: JSON.stringify({ task: "x".repeat(40_000) }) }), 413);
});

Deno.test("createWorker() answers 404 to somebody else's task", async () => {
  await using lab = await WorkerLab.open();
  const worker = lab.worker([add]);
  const id = await lab.send(worker, { task: "add", left: 1, right: 1 });
  for (
    const [method, path] of [["GET", ""], ["DELETE", ""], ["GET", "/events"], ["GET", "/log"], [
      "GET",
      "/files/a",
    ]]
  ) {
    const init = { as: principal("mallory"), method: method ?? "GET" };
    const response = await lab.call(worker, `/longtask/${id}${path}`, init);
    await response.body?.cancel();
    assertEquals(response.status, 404);
  }
});

Deno.test("createWorker() asks for an assertion, and for the right tasks:run", async () => {
  await using lab = await WorkerLab.open();
  const worker = lab.worker([add]);
  const bare = await worker.fetch(new Request("http://worker/longtask"));
  const reader = principal("bob", { rights: ["data:read"] });
  const without = await lab.call(worker, "/longtask", { as: reader });
  assertEquals([bare.status, without.status], [401, 403]);
  await Promise.all([bare.body?.cancel(), without.body?.cancel()]);
});

Deno.test("createWorker() answers 405 with what an address takes", async () => {
  await using lab = await WorkerLab.open();
  const response = await lab.call(lab.worker([add]), "/longtask", { method: "PUT" });
  await response.body?.cancel();
  assertEquals([response.status, response.headers.get("allow")], [405, "GET, POST"]);
});
