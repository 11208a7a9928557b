import { assertEquals } from "@std/assert";
import { z } from "zod";
import { defineTask } from "../engine/define_task.ts";
import { WorkerLab } from "../testing/worker_lab.ts";
import { longestWait, preferredWait } from "./prefer_wait.ts";

const echo = defineTask({ name: "echo", input: z.looseObject({}), run: () => Promise.resolve("done") });

Deno.test("GET /longtask/:id with Prefer: wait answers when the task is over, and says that it waited", async () => {
  await using lab = await WorkerLab.open();
  const worker = lab.worker([echo]);
  const id = await lab.send(worker, { task: "echo" });
  const answer = lab.call(worker, `/longtask/${id}`, { headers: { prefer: "wait=30" } });
  worker.start();
  const response = await answer;
  assertEquals(response.headers.get("preference-applied"), "wait=30");
  assertEquals((await response.json()).status, "succeeded");
});

Deno.test("GET /longtask/:id with Prefer: wait answers with how it stands when the role drains", async () => {
  await using lab = await WorkerLab.open();
  const worker = lab.worker([echo]);
  const id = await lab.send(worker, { task: "echo" });
  const answer = lab.call(worker, `/longtask/${id}`, { headers: { prefer: "wait=30" } });
  worker.drain();
  assertEquals((await (await answer).json()).status, "queued");
});

Deno.test("GET /longtask/:id with Prefer: wait answers before the time of its caller is over", async () => {
  await using lab = await WorkerLab.open();
  const worker = lab.worker([echo]);
  const id = await lab.send(worker, { task: "echo" });
  const headers = { prefer: "wait=30", "x-flotilla-timeout": "1900" };
  const response = await lab.call(worker, `/longtask/${id}`, { headers });
  assertEquals((await response.json()).status, "queued");
  assertEquals(response.headers.get("preference-applied"), null);
  assertEquals([10_000, 9_999, 1_500, 0, Infinity].map(longestWait), [9, 8, 0, 0, Infinity]);
});

Deno.test("preferredWait() reads the field of RFC 7240, and bounds it", () => {
  assertEquals([undefined, "", "wait=5", 'Wait="5"', "a;wait=5", "wait=900"].map(preferredWait), [
    0,
    0,
    5,
    5,
    5,
    30,
  ]);
  assertEquals(["waiting=5", "wait=x", "wait=-1"].map(preferredWait), [0, 0, 0]);
});
