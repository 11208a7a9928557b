import { ManualClock } from "@flotilla/runtime/testing";
import { defineTask } from "@flotilla/worker";
import { principal, TEST_KEY } from "@flotilla/worker/testing";
import { ASSERTION_HEADER, createAssertionSigner } from "@flotilla/auth/verify";
import { assertEquals, assertGreater } from "@std/assert";
import { z } from "zod";
import { MemoryFleet } from "./memory_fleet.ts";
import { Random } from "./random.ts";

const TASKS = 400;
/** Another story with each seed; the one of a failure is in its message. */
const SEEDS = [1, 20_260_301, 4_242_424_242];
/** Milliseconds of the clock between two strikes. */
const STEP = 250;

interface SeenTask {
  readonly id: string;
  readonly status: string;
  readonly attempt: number;
  readonly result?: { readonly run: number };
}

/** Runs begun, by task; each has a number of its own. */
class Runs {
  readonly byTask = new Map<string, number>();
  #last = 0;

  begin(id: string): number {
    this.byTask.set(id, (this.byTask.get(id) ?? 0) + 1);
    return ++this.#last;
  }
}

/** Works for a while, as the clock has it, fails now and then, and tells which run it was. */
function workKind(clock: ManualClock, random: Random, runs: Runs) {
  return defineTask({
    name: "work",
    input: z.strictObject({ number: z.number() }),
    retry: { attempts: 50, base: 1_000, cap: 5_000 },
    timeout: 20_000,
    async run({ id, signal, progress }) {
      const run = runs.begin(id);
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      using _timer = clock.setTimeout(resolve, random.below(4_000));
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      progress(0.5);
      await promise;
      if (random.chance(0.1)) throw new Error("As it happens");
      return { run };
    },
  });
}

async function story(seed: number) {
  const random = new Random(seed);
  const clock = new ManualClock(Date.now());
  const runs = new Runs();
  using kv = await Deno.openKv(":memory:");
  await using fleet = new MemoryFleet(kv, { kinds: [workKind(clock, random, runs)], clock, random, size: 3 });
  const signer = createAssertionSigner({ key: TEST_KEY, issuer: "chaos", clock });
  const call = async (path: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers);
    headers.set(ASSERTION_HEADER, await signer.sign({ kind: "user", principal: principal("alice") }));
    headers.set("content-type", "application/json");
    return await fleet.any.fetch(new Request(`http://worker${path}`, { ...init, headers }));
  };
  const accepted = await sendAll(call);
  let left = accepted;
  for (let step = 0; left.length > 0 && step < 20_000; step++) {
    if (step < 2_000) fleet.strike();
    else fleet.calm();
    await clock.advance(STEP);
    if (step % 40 === 39) {
      left = (await seen(call, left)).filter(({ status }) => !OVER.has(status)).map(({ id }) => id);
    }
  }
  fleet.calm();
  const tasks = await seen(call, accepted);
  const counts = await kv.get<Deno.KvU64>(["count", "succeeded"]);
  return { tasks, runs, done: fleet.done, succeeded: Number(counts.value?.value ?? 0n) };
}

const OVER = new Set(["succeeded", "failed", "cancelled"]);
type Call = (path: string, init?: RequestInit) => Promise<Response>;

/** Sends every task until it is taken, with a key so that a lost answer makes no second one. */
async function sendAll(call: Call): Promise<string[]> {
  const ids: string[] = [];
  for (let number = 0; number < TASKS;) {
    const init = {
      method: "POST",
      body: JSON.stringify({ task: "work", number }),
      headers: { "idempotency-key": `"${number}"` },
    };
    const response = await call("/longtask", init);
    const { id } = await response.json();
    if (response.status !== 202) continue;
    ids.push(id);
    number++;
  }
  return ids;
}

async function seen(call: Call, ids: readonly string[]): Promise<SeenTask[]> {
  const tasks: SeenTask[] = [];
  for (const id of ids) {
    let response = await call(`/longtask/${id}`);
    while (response.status >= 500) {
      await response.body?.cancel();
      response = await call(`/longtask/${id}`);
    }
    tasks.push(await response.json());
  }
  return tasks;
}

for (const seed of SEEDS) {
  Deno.test(`workers that die, freeze and lose writes end every task once (seed ${seed})`, async () => {
    const { tasks, runs, done, succeeded } = await story(seed);
    const context = `seed ${seed}: ${JSON.stringify(done)}`;
    assertEquals(tasks.filter(({ status }) => status !== "succeeded"), [], context);
    assertEquals([new Set(tasks.map(({ id }) => id)).size, succeeded], [TASKS, TASKS], context);
    // Each result is that of one run, and no run counted for two tasks.
    assertEquals(new Set(tasks.map(({ result }) => result?.run)).size, TASKS, context);
    // The trouble was real: workers died and froze, and code ran again because of it.
    const again = [...runs.byTask.values()].reduce((sum, times) => sum + times, 0) - TASKS;
    for (const number of [done.killed, done.frozen, done.lost, again]) assertGreater(number, 0, context);
  });
}
