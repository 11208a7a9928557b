import type { Clock } from "@flotilla/runtime";
import type { Deadlines } from "./deadlines.ts";
import type { ServiceCaller } from "./task_context.ts";
import type { Task } from "./task_state.ts";

/** What every run of a worker shares. */
export interface RunEnvironment {
  kv: Deno.Kv;
  clock: Clock;
  /** Ends runs that take too long. */
  deadlines: Deadlines;
  /** Milliseconds after which the record of a task says that it runs. */
  announceAfter: number;
  /** Milliseconds between two writes of progress. */
  progressInterval: number;
  /** Milliseconds between two writes of the log. */
  logInterval: number;
  /** Milliseconds that an ended task, with its files and its log, is kept. */
  retention: number;
  service: (task: Task, signal: AbortSignal) => ServiceCaller;
}
