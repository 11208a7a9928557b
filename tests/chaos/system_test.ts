import { ASSERTION_HEADER, createAssertionSigner } from "@flotilla/auth/verify";
import { internalKey, sleep } from "@flotilla/runtime";
import { eventually } from "@flotilla/runtime/testing";
import { principal } from "@flotilla/worker/testing";
import { assertEquals, assertGreater } from "@std/assert";
import { z } from "zod";
import { killProcess } from "../kill_process.ts";
import { canStartSystem, startSystem, type System } from "../system.ts";
import { Random } from "./random.ts";

/** How many tasks, from the environment: the test takes long, so it is run when it is asked for. */
const TASKS = Number(await variable("FLOTILLA_CHAOS_TASKS") ?? 0);
/** The seed of an earlier run, to have it again. */
const SEED = Number(await variable("FLOTILLA_CHAOS_SEED") ?? Date.now() % 2 ** 32);
/** Requests under way at once. */
const CLIENTS = 8;
/** Seconds after which the tasks of a silent worker are taken up. */
const LEASE = 3;
const VICTIMS = ["worker_1", "worker_2", "worker_cache", "load_balancer_worker"] as const;

const queuedSchema = z.object({ id: z.string() });
const taskSchema = z.object({
  id: z.string(),
  status: z.string(),
  attempt: z.int(),
  error: z.unknown().optional(),
});
type SeenTask = z.infer<typeof taskSchema>;

async function variable(name: string): Promise<string | undefined> {
  const { state } = await Deno.permissions.query({ name: "env", variable: name });
  return state === "granted" ? Deno.env.get(name) : undefined;
}

/** Calls the workers through their balancer, again and again until somebody answers. */
function caller(system: System) {
  const signer = createAssertionSigner({ key: internalKey(), issuer: "chaos" });
  return async (path: string, init: RequestInit = {}): Promise<unknown> => {
    for (;;) {
      const headers = new Headers(init.headers);
      headers.set(ASSERTION_HEADER, await signer.sign({ kind: "user", principal: principal("chaos") }));
      headers.set("content-type", "application/json");
      const signal = AbortSignal.timeout(10_000);
      const url = `${system.originOf("load_balancer_worker")}${path}`;
      try {
        const response = await fetch(url, { ...init, headers, signal });
        const body: unknown = await response.json();
        if (response.status < 500 && response.status !== 429) return body;
      } catch {
        // Killed, or frozen: somebody else answers, or the same one later.
      }
      await sleep(100);
    }
  };
}

/** Kills and freezes, one after the other, until it is told to stop. */
async function strike(system: System, random: Random, calm: AbortSignal) {
  const done = { killed: 0, frozen: 0 };
  while (!calm.aborted) {
    await sleep(500 + random.below(3_000));
    const name = VICTIMS[random.below(VICTIMS.length)] ?? "worker_1";
    const pid = system.pidOf(name);
    if (random.chance(0.5)) {
      await system.kill(name);
      await system.restarted(name, pid);
      done.killed++;
    } else {
      await killProcess(pid, "SIGSTOP");
      await sleep(random.below(2 * LEASE * 1_000));
      await killProcess(pid, "SIGCONT").catch(() => {});
      done.frozen++;
    }
  }
  return done;
}

async function inParallel<T>(count: number, work: (number: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  await Promise.all(Array.from({ length: CLIENTS }, async () => {
    for (let number = next++; number < count; number = next++) results.push(await work(number));
  }));
  return results;
}

async function story(system: System) {
  const random = new Random(SEED);
  const call = caller(system);
  const calm = new AbortController();
  const striking = strike(system, random, calm.signal);
  const ids = await inParallel(TASKS, async (number) => {
    const headers = { "idempotency-key": `"${number}"` };
    const body = JSON.stringify({ task: "report", prefix: "none" });
    return queuedSchema.parse(await call("/longtask", { method: "POST", headers, body })).id;
  });
  const tasks = await inParallel(TASKS, async (number): Promise<SeenTask> => {
    for (;;) {
      const task = taskSchema.parse(await call(`/longtask/${ids[number]}`));
      if (["succeeded", "failed", "cancelled"].includes(task.status)) return task;
      await sleep(500);
    }
  });
  calm.abort();
  return { ids, tasks, done: await striking };
}

/** How many tasks have ended in success, as the store has counted. */
async function succeeded(system: System): Promise<number> {
  return await eventually(async () => {
    const response = await fetch(`${system.originOf("worker_1")}/metrics`);
    const [, count] = /flotilla_worker_tasks\{status="succeeded"\} (\d+)/.exec(await response.text()) ?? [];
    return count === undefined ? undefined : Number(count);
  }, { timeout: 30_000 });
}

Deno.test({
  name: `system: ${TASKS} tasks end once while workers, store and balancer die and freeze (seed ${SEED})`,
  ignore: !canStartSystem || TASKS === 0,
  async fn() {
    await using system = await startSystem({ groupFlags: { worker: { lease: LEASE } } });
    const { ids, tasks, done } = await story(system);
    const context = `seed ${SEED}: ${JSON.stringify(done)}`;
    assertEquals(new Set(ids).size, TASKS, context);
    assertEquals(tasks.filter(({ status }) => status !== "succeeded"), [], context);
    assertEquals(await succeeded(system), TASKS, context);
    assertGreater(done.killed + done.frozen, 0, context);
  },
});
