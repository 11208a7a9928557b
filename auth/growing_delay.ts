import { z } from "zod";

/** Failed attempts so far. Times in milliseconds since the epoch. */
export const attemptsSchema = z.object({
  failures: z.number(),
  /** The next attempt is refused before that. */
  until: z.number(),
  /** All is forgotten then. */
  expires: z.number(),
  /** Which attempt was counted last. */
  last: z.string(),
});
export type Attempts = z.infer<typeof attemptsSchema>;

/** How delays grow. */
export interface DelayPolicy {
  /** Failures without any delay: people mistype. */
  readonly free: number;
  /** Milliseconds after the first failure beyond those; doubled with each further one. */
  readonly base: number;
  /** Most milliseconds. */
  readonly ceiling: number;
  /** Milliseconds without an attempt after which all is forgotten. */
  readonly forget: number;
}

const NONE: Attempts = { failures: 0, until: 0, expires: 0, last: "" };

/** What was stored, as far as it still counts. */
export function currentAttempts(stored: unknown, now: number): Attempts {
  const { success, data } = attemptsSchema.safeParse(stored);
  return success && data.expires > now ? data : NONE;
}

/** The state with one more failure, of the attempt with this id. */
export function afterFailure(
  attempts: Attempts,
  policy: DelayPolicy,
  { now, id }: { now: number; id: string },
): Attempts {
  const failures = attempts.failures + 1;
  const beyond = failures - policy.free;
  const delay = beyond <= 0 ? 0 : Math.min(policy.ceiling, policy.base * 2 ** (beyond - 1));
  return { failures, until: now + delay, expires: now + policy.forget, last: id };
}

/** The state with one failure taken back; the delay stays. */
export function afterRefund(attempts: Attempts): Attempts {
  return { ...attempts, failures: Math.max(0, attempts.failures - 1) };
}
