import type { Clock } from "./clock.ts";

/** Milliseconds that a check which was passed counts. */
const RECENT = 5_000;

/**
 * The same check, made at most every five seconds while it is passed: balancers ask every half second, and an idle system
 * should leave its store alone. A check that fails is made again at once, and requests that
 * find the store gone say so themselves meanwhile.
 */
export function recentSuccess(check: () => Promise<void>, { clock }: { clock: Clock }): () => Promise<void> {
  let passed = -Infinity;
  return async () => {
    const now = clock.now();
    if (now >= passed && now - passed < RECENT) return;
    passed = -Infinity;
    await check();
    passed = clock.now();
  };
}
