/** How {@linkcode eventually} polls. */
export interface EventuallyOptions {
  /** Milliseconds after which it looks a last time. @default 10_000 */
  timeout?: number;
  /** Milliseconds between two looks. @default 10 */
  interval?: number;
  /** What is waited for, for the error. @default "the condition" */
  what?: string;
  /** When this settles it is looked once more and not again: a process that has ended will never be ready. @default never */
  unless?: Promise<unknown>;
}

/**
 * Looks until `condition` answers something other than `false`, `null` or `undefined`, and returns it. A condition that
 * throws has not come true yet. It is how a test waits for another process: for the thing itself, never for a time.
 *
 * @throws {Error} when the time is over, or `unless` has settled; its cause is the last error of the condition
 */
export async function eventually<T>(
  condition: () => T | Promise<T>,
  options: EventuallyOptions = {},
): Promise<Exclude<T, false | null | undefined>> {
  const { timeout = 10_000, interval = 10, what = "the condition", unless } = options;
  const end = performance.now() + timeout;
  let settled = false;
  unless?.finally(() => settled = true).catch(() => {});
  const failure = () => {
    if (settled) return `There will never be ${what}`;
    return performance.now() < end ? undefined : `Waited ${timeout} ms in vain for ${what}`;
  };
  for (;;) {
    // Before the look: what came true while this process was kept waiting is seen all the same.
    const failed = failure();
    let cause: unknown;
    try {
      const value = await condition();
      if (isMet(value)) return value;
    } catch (error) {
      cause = error;
    }
    if (failed !== undefined) throw new Error(failed, { cause });
    await new Promise((resolve) => setTimeout(resolve, interval));
  }
}

function isMet<T>(value: T): value is Exclude<T, false | null | undefined> {
  return value !== false && value !== null && value !== undefined;
}
