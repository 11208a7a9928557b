import { type Clock, systemClock } from "@flotilla/runtime";
import { getLogger } from "@logtape/logtape";
import type { PermitStore } from "./permit_store.ts";

/** How {@linkcode withFallback} decides. */
export interface FallbackOptions {
  /** Milliseconds until the shared store is asked again after it failed. @default 1_000 */
  pause?: number;
  /** @default `systemClock` */
  clock?: Clock;
}

/**
 * Borrows from `shared`, and while that fails from `local`: without the shared store each gateway keeps the limits on
 * its own, which lets at most as many times the quota pass as there are gateways, and is better than refusing
 * everybody.
 */
export function withFallback(
  shared: PermitStore,
  local: PermitStore,
  options: FallbackOptions = {},
): PermitStore {
  const { pause = 1_000, clock = systemClock } = options;
  const logger = getLogger(["flotilla", "gateway", "limits"]);
  let away = 0;
  return {
    async borrow(request) {
      if (clock.now() < away) return await local.borrow(request);
      try {
        return await shared.borrow(request);
      } catch (error) {
        away = clock.now() + pause;
        logger.warn("Limits are kept by this gateway alone for {pause} ms: {error}", { pause, error });
        return await local.borrow(request);
      }
    },
  };
}
