import type { TaskFailure } from "./task_state.ts";

/** The reason of a run's signal when it took too long. */
export class TaskTimeoutError extends Error {
  override readonly name = "TaskTimeoutError";
}

/** The reason of a run's signal when its owner wants it ended. */
export class TaskCancelledError extends Error {
  override readonly name = "TaskCancelledError";
}

/** The reason of a run's signal when the lease is lost: another worker has the task, or may have it. */
export class LeaseLostError extends Error {
  override readonly name = "LeaseLostError";
}

/** The reason of a run's signal when the worker stops and hands the task back. */
export class WorkerStoppingError extends Error {
  override readonly name = "WorkerStoppingError";
}

const MESSAGE_LIMIT = 1_000;

/** What a task's owner is told of an error: its name and message, never a stack, and no path of this machine. */
export function failureOf(error: unknown): TaskFailure {
  if (error instanceof Deno.errors.NotCapable) {
    return { name: "NotCapable", message: "The worker's process has no permission for what the task does" };
  }
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return { name, message: message.slice(0, MESSAGE_LIMIT) };
}
