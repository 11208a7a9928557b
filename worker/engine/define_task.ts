import type { z } from "zod";
import type { RetryPolicy } from "./backoff.ts";
import type { TaskContext } from "./task_context.ts";

/** What {@linkcode defineTask} makes a kind of task from. */
export interface TaskOptions<T> {
  /** What a client writes in `task`. */
  name: string;
  /** What input is taken; other input is refused when the task is sent. */
  input: z.ZodType<T>;
  /** @default five attempts, waits of 1 s doubling up to 5 min */
  retry?: RetryPolicy;
  /** Milliseconds that one run may take. @default 600_000 */
  timeout?: number;
  /** Tasks of this kind that may run at once, over all workers. @default no limit */
  concurrency?: number;
  /** The work. It may run more than once, so what it does elsewhere should bear repeating. */
  run(context: TaskContext<T>): Promise<unknown>;
}

/** A kind of task, its type of input hidden: the runner knows it by name only. */
export interface TaskDefinition {
  readonly name: string;
  readonly retry: Required<RetryPolicy>;
  /** Milliseconds that one run may take. */
  readonly timeout: number;
  /** Tasks of this kind that may run at once, over all workers. */
  readonly concurrency: number | undefined;
  /**
   * The input as it will be kept.
   *
   * @throws {z.ZodError} when it is not what the kind takes
   */
  parse(input: unknown): unknown;
  /**
   * Runs a task of this kind; the input is checked again, as the code may be newer than the task.
   *
   * @param contextOf makes the context of the run, with the input as it was checked
   */
  run(input: unknown, contextOf: <T>(input: T) => TaskContext<T>): Promise<unknown>;
}

/** Thrown by a kind when trying again cannot help: the task fails at once. */
export class PermanentError extends Error {
  override readonly name = "PermanentError";
}

const NAME = /^[a-z][a-z0-9-]{0,63}$/;

/**
 * Defines a kind of task.
 *
 * @throws {RangeError} when the name, a number of attempts or a time cannot be
 *
 * @example
 * ```ts
 * import { defineTask } from "./define_task.ts";
 * import { assertEquals } from "@std/assert";
 * import { z } from "zod";
 *
 * const add = defineTask({
 *   name: "add",
 *   input: z.strictObject({ left: z.number(), right: z.number() }),
 *   run: ({ input }) => Promise.resolve(input.left + input.right),
 * });
 * assertEquals(add.retry.attempts, 5);
 * ```
 */
export function defineTask<T>(options: TaskOptions<T>): TaskDefinition {
  const { name, input, timeout = 600_000, concurrency, run } = options;
  const { attempts = 5, base = 1_000, cap = 300_000 } = options.retry ?? {};
  if (!NAME.test(name)) throw new RangeError(`Cannot define a task: name must match ${NAME}, got ${name}`);
  if (!Number.isInteger(attempts) || attempts < 1) {
    throw new RangeError(
      `Cannot define task ${name}: attempts must be a whole number from 1, got ${attempts}`,
    );
  }
  if (!(timeout > 0)) {
    throw new RangeError(`Cannot define task ${name}: timeout must be positive, got ${timeout}`);
  }
  return {
    name,
    timeout,
    concurrency,
    retry: { attempts, base, cap },
    parse: (value) => input.parse(value),
    run: (value, contextOf) => run(contextOf(input.parse(value))),
  };
}
