import { type Clock, systemClock } from "@flotilla/runtime";
import { atomicChange, type Attempt } from "./atomic_change.ts";
import { REVOCATION_HEAD, revocationKey } from "./keyspace.ts";
import { type NewRevocation, type Revocation, sequenceSchema } from "./revocation.ts";

/** A change that ends sessions: not needed any longer, or made by an operation that says what it revokes. */
export type RevokingAttempt<T> =
  | { readonly done: T }
  | { readonly operation: Deno.AtomicOperation; readonly result: T; readonly revokes?: NewRevocation };

/** Tells all gateways which sessions have ended. */
export interface RevocationFeed {
  /**
   * Makes a change together with the revocation that belongs to it: both stand, or neither.
   *
   * @throws {ProblemError} 503 when others always come first
   */
  change<T>(attempt: () => Promise<RevokingAttempt<T>>): Promise<T>;
}

/** How {@linkcode createRevocationFeed} works. */
export interface RevocationFeedOptions {
  kv: Deno.Kv;
  /** Milliseconds that a token lives, with what verifiers tolerate: a revocation is kept so long. */
  tokenLifetime: number;
  /** @default `systemClock` */
  clock?: Clock;
}

/**
 * Appends revocations to the database: numbered without a gap, with the latest number in a key of its own for gateways to
 * watch. They expire together with the tokens that they are about.
 */
export function createRevocationFeed(options: RevocationFeedOptions): RevocationFeed {
  const { kv, tokenLifetime, clock = systemClock } = options;
  // Writers of one process would only be in each other's way: each has to change the same number.
  let turn: Promise<unknown> = Promise.resolve();

  async function published<T>(attempt: () => Promise<RevokingAttempt<T>>): Promise<Attempt<T>> {
    const head = await kv.get(REVOCATION_HEAD);
    const wanted = await attempt();
    if ("done" in wanted || wanted.revokes === undefined) return wanted;
    const sequence = head.value === null ? 1 : sequenceSchema.parse(head.value) + 1;
    const revocation: Revocation = { ...wanted.revokes, until: clock.now() + tokenLifetime };
    wanted.operation
      .check(head)
      .set(REVOCATION_HEAD, sequence)
      .set(revocationKey(sequence), revocation, { expireIn: tokenLifetime });
    return wanted;
  }

  return {
    change(attempt) {
      const changed = turn.then(() => atomicChange(() => published(attempt)));
      turn = changed.catch(() => {});
      return changed;
    },
  };
}
