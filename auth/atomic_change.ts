import { commitChecked, ProblemError } from "@flotilla/runtime";

/** One try of a change: it is not needed (any longer), or this operation makes it. */
export type Attempt<T> =
  | { readonly done: T }
  | { readonly operation: Deno.AtomicOperation; readonly result: T };

const TRIES = 32;

/**
 * Makes a change that depends on what is in the database: reads, decides, and writes under checks, again from the start
 * when something was written in between.
 *
 * A write that is not known to stand may still have gone through, when its answer was lost. So an attempt must find out
 * from what it reads whether the change stands already, and say `done`.
 *
 * @throws {ProblemError} 503 when others always come first
 */
export async function atomicChange<T>(attempt: () => Promise<Attempt<T>>): Promise<T> {
  for (let i = 0; i < TRIES; i++) {
    const outcome = await attempt();
    if ("done" in outcome) return outcome.done;
    if (await commitChecked(outcome.operation)) return outcome.result;
  }
  throw new ProblemError(503, "Too many changes at the same time: try again shortly", {
    headers: { "retry-after": "1" },
  });
}
