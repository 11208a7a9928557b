import { type Clock, systemClock } from "@flotilla/runtime";
import { LRUCache } from "lru-cache";
import { type LimitPolicy, readPolicy } from "./limit_policy.ts";
import type { Loan, PermitStore } from "./permit_store.ts";

/** Whether one request may pass. */
export interface Verdict {
  readonly allowed: boolean;
  readonly policy: LimitPolicy;
  /** Requests that may be made after this one, as far as this gateway knows. */
  readonly remaining: number;
  /** When the window ends; milliseconds since the epoch. */
  readonly resets: number;
  /** When to try again, for a request that may not pass; milliseconds since the epoch. */
  readonly retryAt: number;
}

/** Decides how many requests each caller may make. */
export interface RateLimiter {
  readonly policy: LimitPolicy;
  /** Takes one permit of the caller; at once while borrowed ones are left, which is nearly always. */
  take(key: string): Verdict | Promise<Verdict>;
  /** Takes one only if a borrowed one is left; otherwise `undefined`, and {@linkcode RateLimiter.take} must judge. */
  takeAtHand(key: string): Verdict | undefined;
  /** The verdict for a caller that is known to have nothing left; takes nothing. */
  refused(key: string): Verdict | undefined;
}

/** What {@linkcode createRateLimiter} makes a limiter from. */
export interface RateLimiterOptions {
  policy: LimitPolicy;
  /** Where permits are borrowed from: shared by all gateways that keep the limit together. */
  store: PermitStore;
  /** @default `systemClock` */
  clock?: Clock;
  /** How many callers are remembered between their requests. @default 100_000 */
  capacity?: number;
}

/** What is known of one caller here. */
interface Lease {
  /** Borrowed and not used. */
  permits: number;
  /** Left in the store when last asked. */
  left: number;
  expires: number;
  /** Nothing is to be had before this. */
  retryAt: number;
  /** Requests that wait for the loan that is under way. */
  waiting: number;
  loan: Promise<void> | undefined;
}

/**
 * Limits callers together with the other gateways on the same store: each borrows small batches of permits, so that
 * most requests are judged without a call. What is lent is never more than the quota.
 *
 * @throws {RangeError} when the policy cannot be kept
 */
export function createRateLimiter(options: RateLimiterOptions): RateLimiter {
  const { store, clock = systemClock, capacity = 100_000 } = options;
  const policy = readPolicy(options.policy);
  const leases = new LRUCache<string, Lease>({ max: capacity });

  function leaseOf(key: string): Lease {
    const known = leases.get(key);
    if (known !== undefined) return known;
    const lease: Lease = { permits: 0, left: 0, expires: 0, retryAt: 0, waiting: 0, loan: undefined };
    leases.set(key, lease);
    return lease;
  }

  function verdict(lease: Lease, allowed: boolean): Verdict {
    const { permits, left, expires: resets, retryAt } = lease;
    return { allowed, policy, remaining: allowed ? permits + left : 0, resets, retryAt };
  }

  /** Judges by what is at hand; `undefined` when the store must be asked. */
  function judge(lease: Lease): Verdict | undefined {
    const now = clock.now();
    if (lease.permits > 0 && now < lease.expires) {
      lease.permits--;
      return verdict(lease, true);
    }
    return now < lease.retryAt ? verdict(lease, false) : undefined;
  }

  async function borrow(key: string, lease: Lease): Promise<void> {
    // The requests of this turn of the event loop join before the count is taken.
    await Promise.resolve();
    try {
      apply(lease, await store.borrow({ key, policy, waiting: lease.waiting, now: clock.now() }));
    } finally {
      lease.loan = undefined;
    }
  }

  async function wait(key: string, lease: Lease): Promise<Verdict> {
    for (;;) {
      lease.waiting++;
      try {
        await (lease.loan ??= borrow(key, lease));
      } finally {
        lease.waiting--;
      }
      const judged = judge(lease);
      if (judged !== undefined) return judged;
    }
  }

  return {
    policy,
    take(key) {
      const lease = leaseOf(key);
      return judge(lease) ?? wait(key, lease);
    },
    takeAtHand(key) {
      const lease = leases.get(key);
      return lease !== undefined && lease.permits > 0 ? judge(lease) : undefined;
    },
    refused(key) {
      const lease = leases.get(key);
      return lease !== undefined && clock.now() < lease.retryAt ? verdict(lease, false) : undefined;
    },
  };
}

function apply(lease: Lease, loan: Loan): void {
  lease.permits = loan.granted;
  lease.left = loan.left;
  lease.expires = loan.expires;
  lease.retryAt = loan.granted > 0 ? 0 : loan.retryAt;
}
