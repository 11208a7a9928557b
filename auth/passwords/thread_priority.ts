import { setPriority } from "node:os";

/** The least that Linux knows besides idle: nice 19. */
const LEAST = 19;

/**
 * Lets every other thread of the machine go before the calling one, so that a long computation uses only what nobody else
 * wants. On Linux a priority is a thread's own; elsewhere it would be the whole process's, and nothing is done.
 *
 * @returns whether it is so; it needs `--allow-sys=setPriority`
 */
export function yieldToOthers(): boolean {
  if (Deno.build.os !== "linux") return false;
  try {
    setPriority(0, LEAST);
    return true;
  } catch {
    return false;
  }
}
