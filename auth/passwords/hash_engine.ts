import { type Argon2Job, deriveArgon2id } from "./argon2id.ts";

/** Where hashes are computed. */
export interface HashEngine extends Disposable {
  /** How many it computes at the same time. */
  readonly parallelism: number;
  /**
   * The argon2id tag of a password. A job whose signal is aborted before its turn comes is not computed, and rejects with
   * the signal's reason.
   */
  derive(job: Argon2Job, signal?: AbortSignal): Promise<Uint8Array>;
}

/**
 * Computes on the calling thread, which does nothing else meanwhile: for tests, for programs that hash one password,
 * and for runtimes without workers.
 */
export function inlineEngine(): HashEngine {
  return { parallelism: 1, derive: (job) => deriveArgon2id(job), [Symbol.dispose]() {} };
}
