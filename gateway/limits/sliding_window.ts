import type { LimitPolicy } from "./limit_policy.ts";

/**
 * What a caller has used: in the window with this index since the epoch, and in the one before. What is used in the
 * window before counts by the share of it that the sliding window still covers, so that no burst of twice the quota
 * fits around the edge of two windows, and the state stays three numbers.
 */
export interface Usage {
  readonly index: number;
  readonly current: number;
  readonly previous: number;
}

/** Nothing used. */
export const UNUSED: Usage = { index: 0, current: 0, previous: 0 };

/** The same usage as it stands at `now`. A state from a clock that is ahead of ours is left as it is. */
export function usageAt(usage: Usage, now: number, policy: LimitPolicy): Usage {
  const index = Math.floor(now / policy.window);
  if (usage.index >= index) return usage;
  return { index, current: 0, previous: usage.index === index - 1 ? usage.current : 0 };
}

/** Requests that may still be made at `now`; never below 0. */
export function availableAt(usage: Usage, now: number, policy: LimitPolicy): number {
  const { current, previous, index } = usageAt(usage, now, policy);
  const passed = Math.max(0, now - index * policy.window) / policy.window;
  return Math.max(0, Math.floor(policy.quota - current - previous * (1 - passed)));
}

/** When at least `count` requests may be made again, if nobody makes one until then; milliseconds since the epoch. */
export function availableFrom(
  usage: Usage,
  now: number,
  options: { policy: LimitPolicy; count: number },
): number {
  const { policy, count } = options;
  const { window } = policy;
  if (availableAt(usage, now, policy) >= count) return now;
  const at = usageAt(usage, now, policy);
  const begin = at.index * window;
  const within = begin + decayed(at.previous, policy.quota - at.current - count) * window;
  if (within < begin + window) return Math.max(now, within);
  return begin + window + decayed(at.current, policy.quota - count) * window;
}

/** The share of a window that must pass until of `used` no more than `room` counts. */
function decayed(used: number, room: number): number {
  if (room < 0) return 1;
  return used <= room ? 0 : 1 - room / used;
}
