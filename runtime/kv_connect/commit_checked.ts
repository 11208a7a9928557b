import { KvOutcomeUnknownError } from "./kv_errors.ts";

/**
 * Commits a write that has checks, and says whether it is known to stand. It may stand where it is not known: the server
 * may have been lost before its answer, or another client may have sent the write twice, so that the second failed on its
 * check. Whoever calls then reads again what it would have changed, as after any check that failed.
 */
export async function commitChecked(operation: Deno.AtomicOperation): Promise<boolean> {
  try {
    return (await operation.commit()).ok;
  } catch (error) {
    if (error instanceof KvOutcomeUnknownError) return false;
    throw error;
  }
}
