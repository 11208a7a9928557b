import type { LimitPolicy } from "./limit_policy.ts";
import { availableAt, availableFrom, type Usage, usageAt } from "./sliding_window.ts";

/** Permits to let requests pass that a gateway has borrowed. */
export interface Loan {
  /** How many; 0 when there are none now. */
  readonly granted: number;
  /** How many were left after that, for others. */
  readonly left: number;
  /** When the next ones are worth asking for; milliseconds since the epoch. Only told when none were granted. */
  readonly retryAt: number;
  /** Permits that are not used by then are void; milliseconds since the epoch. */
  readonly expires: number;
}

/** A request for permits. */
export interface LoanRequest {
  /** Who wants to make requests. */
  readonly key: string;
  readonly policy: LimitPolicy;
  /** How many requests wait. */
  readonly waiting: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Where gateways borrow permits from. */
export interface PermitStore {
  /** Lends some of what is left. */
  borrow(request: LoanRequest): Promise<Loan>;
}

/** A loan of at most this share of the quota, so that two gateways together leave at most 2% unused. */
const LOAN_SHARE = 1 / 100;
/** Once nothing is left, asking again is worth it when this share of the quota is there. */
const RETRY_SHARE = 1 / 200;

/** What a request gets and what is used after that: the arithmetic that all stores share. */
export function lend(usage: Usage, request: LoanRequest): { loan: Loan; usage: Usage } {
  const { policy, now, waiting } = request;
  const at = usageAt(usage, now, policy);
  const available = availableAt(at, now, policy);
  const wanted = Math.max(waiting, Math.min(Math.ceil(policy.quota * LOAN_SHARE), Math.floor(available / 4)));
  const granted = Math.min(wanted, available);
  const used = { ...at, current: at.current + granted };
  const count = Math.ceil(policy.quota * RETRY_SHARE);
  return {
    usage: used,
    loan: {
      granted,
      left: available - granted,
      // Never now: rounding could otherwise have a gateway ask for ever within one millisecond.
      retryAt: granted > 0 ? now : Math.max(now + 1, availableFrom(used, now, { policy, count })),
      expires: (at.index + 1) * policy.window,
    },
  };
}
