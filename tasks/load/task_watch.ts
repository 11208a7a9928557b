import { type Clock, sleep, systemClock } from "@flotilla/runtime";
import { z } from "zod";
import type { ApiClient } from "./api_client.ts";
import type { TaskSummary } from "./load_report.ts";

const taskSchema = z.object({ status: z.string() });

/** What a task does not leave any more. */
const OVER: ReadonlySet<string> = new Set(["succeeded", "failed", "cancelled"]);

/** How {@linkcode untilSettled} waits. */
export interface SettleOptions {
  /** Longest to wait; milliseconds. @default 30_000 */
  patience?: number;
  /** Milliseconds between two looks at what is not over. @default 250 */
  interval?: number;
  /** @default systemClock */
  clock?: Clock;
}

/** Waits until all of these tasks are over, or patience is. */
export async function untilSettled(
  client: Pick<ApiClient, "read">,
  tasks: readonly string[],
  options: SettleOptions = {},
): Promise<TaskSummary> {
  const { patience = 30_000, interval = 250, clock = systemClock } = options;
  const began = clock.now();
  const statuses = new Map<string, string>();
  for (;;) {
    const pending = tasks.filter((task) => !OVER.has(statuses.get(task) ?? ""));
    for (const task of pending) statuses.set(task, await statusOf(client, task));
    const settled = tasks.every((task) => OVER.has(statuses.get(task) ?? ""));
    const waited = clock.now() - began;
    if (!settled && waited < patience) {
      await sleep(interval, { clock });
      continue;
    }
    const counts = Map.groupBy(statuses.values(), (status) => status);
    return {
      started: tasks.length,
      statuses: Object.fromEntries([...counts].map(([status, all]) => [status, all.length])),
      settledAfter: settled ? waited / 1_000 : undefined,
    };
  }
}

async function statusOf(client: Pick<ApiClient, "read">, task: string): Promise<string> {
  try {
    return taskSchema.parse(await client.read(`/longtask/${task}`)).status;
  } catch {
    return "unknown"; // no answer, or a problem: it is asked again
  }
}
