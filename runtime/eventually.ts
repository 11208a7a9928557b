/** How {@linkcode eventually} polls. */
export interface EventuallyOptions {
  /** Milliseconds until it gives up. @default 10_000 */
  timeout?: number;
  /** Milliseconds between two looks. @default 10 */
  interval?: number;
  /** What is waited for, for the error. @default "the condition" */
  what?: string;
}

/**
 * Looks until `condition` answers something other than `false`, `null` or `undefined`, and returns it. A condition that
 * throws has not come true yet. It is how a test waits for another process: for the thing itself, never for a time.
 *
 * @throws {Error} when the time is over; its cause is the last error of the condition
 */
export async function eventually<T>(
  condition: () => T | Promise<T>,
  options: EventuallyOptions = {},
): Promise<Exclude<T, false | null | undefined>> {
  const { timeout = 10_000, interval = 10, what = "the condition" } = options;
  const end = performance.now() + timeout;
  let cause: unknown;
  while (performance.now() < end) {
    try {
      const value = await condition();
      if (isMet(value)) return value;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    await new Promise((resolve) => setTimeout(resolve, interval));
  }
  throw new Error(`Waited ${timeout} ms in vain for ${what}`, { cause });
}

function isMet<T>(value: T): value is Exclude<T, false | null | undefined> {
  return value !== false && value !== null && value !== undefined;
}
