import { type AttemptFailure, mayTryAgain, reachOf, type Replay } from "./failure.ts";
import { readRetryBudget, type RetryBudgetOptions } from "./retry_budget.ts";

/**
 * How often a failed request is tried on another upstream. It only ever is where {@linkcode mayTryAgain} says
 * so.
 */
export interface RetryOptions {
  /**
   * Attempts at upstreams that the request may have reached, the first included. 1 for no retry. When three fail in a row
   * the request is the likelier cause, and more would only be work done again.
   *
   * @default 3
   */
  attempts?: number;
  /**
   * Attempts in all, connections that could not be made included. They cost an upstream nothing and are not
   * charged to the budget; this many dead upstreams may be met in a row before a request fails.
   *
   * @default 10
   */
  connectAttempts?: number;
  /** How much of the traffic may be retries. */
  budget?: RetryBudgetOptions;
  /**
   * Bytes of a request's body that are kept so that it can be sent again: most documents and forms. A thousand such requests
   * at once hold 64 MB.
   *
   * @default 65_536
   */
  bodyBytes?: number;
}

/** The policy in force. */
export interface RetryPolicy {
  readonly attempts: number;
  readonly connectAttempts: number;
  readonly budget: Readonly<Required<RetryBudgetOptions>>;
  readonly bodyBytes: number;
}

/**
 * Fills in the defaults.
 *
 * @throws {RangeError} when one is out of range
 */
export function readRetry(options: RetryOptions = {}): RetryPolicy {
  const { attempts = 3, connectAttempts = Math.max(10, attempts), budget, bodyBytes = 65_536 } = options;
  if (!(attempts >= 1)) throw new RangeError(`Cannot retry: attempts must be at least 1, got ${attempts}`);
  if (!(connectAttempts >= attempts)) {
    throw new RangeError(`Cannot retry: connectAttempts must be at least attempts, got ${connectAttempts}`);
  }
  if (!(bodyBytes >= 0)) throw new RangeError(`Cannot retry: bodyBytes must be at least 0, got ${bodyBytes}`);
  return { attempts, connectAttempts, budget: readRetryBudget(budget), bodyBytes };
}

/** How often a request was tried: how often in all, and how often it may have reached an upstream. */
export interface Tries {
  readonly all: number;
  readonly sent: number;
}

/** What the policy says, before the budget is asked. */
export type RetryVerdict =
  | { readonly kind: "no" }
  /** Nothing was sent: another try adds no load. */
  | { readonly kind: "free" }
  /** Another try is work done twice: it has to be paid for from the budget. */
  | { readonly kind: "charged" };

/** Judges a failure. Pure: what is left to try, and to pay with, is for others to say. */
export function judge(
  policy: RetryPolicy,
  failure: AttemptFailure,
  request: { replay: Replay; tries: Tries },
): RetryVerdict {
  const { replay, tries } = request;
  if (!mayTryAgain(failure.kind, replay)) return { kind: "no" };
  if (tries.all >= policy.connectAttempts || tries.sent >= policy.attempts) return { kind: "no" };
  const free = reachOf(failure.kind) === "unsent" || failure.kind === "stale_connection";
  return { kind: free ? "free" : "charged" };
}
