import { eventually } from "@flotilla/runtime/testing";
import { assert, assertEquals } from "@std/assert";
import { z } from "zod";
import { type Client, signIn } from "./client.ts";
import { canStartSystem, startSystem, type System } from "./system.ts";

/** Records for the reports to read: enough that a report takes a while. */
const RECORDS = 600;
/** Reports that wait for their turn, so that every worker has one in hand nearly all the time. */
const REPORTS = 40;
/** Kills after which one must have met a worker with a report in hand: it may end between the look and the kill. */
const KILLS = 5;
/** Seconds after which the tasks of a dead worker are taken up. */
const LEASE = 2;

const queuedSchema = z.object({ id: z.string() });
const taskSchema = z.object({ status: z.string(), attempt: z.int(), error: z.unknown().optional() });
const listSchema = z.object({ tasks: z.array(z.object({ id: z.string(), worker: z.string().optional() })) });

async function fill(client: Client): Promise<void> {
  for (let first = 0; first < RECORDS; first += 20) {
    await Promise.all(Array.from({ length: 20 }, async (_, index) => {
      const id = `record-${first + index}`;
      // On a busy machine there may be no room for it now.
      const { status, text } = await eventually(async () => {
        const answer = await client.send("PUT", `/data/${id}`, { json: { value: "x".repeat(200) } });
        return answer.status !== 503 && answer;
      }, { what: `room for ${id}` });
      assert(status === 201 || status === 200, text);
    }));
  }
}

async function queueReports(client: Client): Promise<string[]> {
  return await Promise.all(Array.from({ length: REPORTS }, async () => {
    const { status, body, text } = await client.send("POST", "/longtask", { json: { task: "report" } });
    assertEquals(status, 202, text);
    return queuedSchema.parse(body).id;
  }));
}

async function isRunning(client: Client, worker: string): Promise<boolean> {
  const { body } = await client.send("GET", "/longtask?status=running&limit=100");
  return listSchema.parse(body).tasks.some((task) => task.worker === worker);
}

async function finished(client: Client, id: string) {
  return await eventually(async () => {
    const task = taskSchema.parse((await client.send("GET", `/longtask/${id}`)).body);
    return ["succeeded", "failed", "cancelled"].includes(task.status) ? task : undefined;
  }, { timeout: 60_000, interval: 100, what: `the report ${id}` });
}

/** Kills a worker that works, waits for all reports, and tells whether one of them was begun twice. */
async function killInMidTask(system: System, client: Client): Promise<boolean> {
  const before = system.pidOf("worker_1");
  const ids = await queueReports(client);
  await eventually(() => isRunning(client, "worker_1"), { what: "worker_1 to have a report in hand" });
  await system.kill("worker_1");
  const tasks = await Promise.all(ids.map((id) => finished(client, id)));
  assertEquals(tasks.filter(({ status }) => status !== "succeeded"), []);
  await system.restarted("worker_1", before);
  return tasks.some(({ attempt }) => attempt > 1);
}

Deno.test({
  name: "system: kill -9 of a worker in the middle of its tasks loses none",
  ignore: !canStartSystem,
  async fn() {
    await using system = await startSystem({ groupFlags: { worker: { lease: LEASE } } });
    const client = await signIn(system.origin);
    await fill(client);
    let interrupted = false;
    for (let kill = 0; !interrupted && kill < KILLS; kill++) {
      interrupted = await killInMidTask(system, client);
    }
    assert(interrupted, "no report was interrupted");
  },
});
