import { z } from "zod";

/** How many requests one caller may make in which time. */
export interface LimitPolicy {
  /** Names it in the `RateLimit` fields: `caller`. */
  readonly name: string;
  /** Requests in a window. */
  readonly quota: number;
  /** Milliseconds. */
  readonly window: number;
}

/** A quota over a time, as it is typed. */
export interface Rate {
  readonly quota: number;
  /** Milliseconds. */
  readonly window: number;
}

/** `600/60`: 600 requests in 60 seconds; `off` for no limit. */
export const rateSchema: z.ZodType<Rate | "off"> = z.union([
  z.literal("off"),
  z.string().regex(/^[1-9]\d{0,8}\/[1-9]\d{0,4}$/, "must be REQUESTS/SECONDS like 600/60, or off")
    .transform((text) => {
      const [quota = 0, seconds = 0] = text.split("/").map(Number);
      return { quota, window: seconds * 1_000 };
    }),
], { error: "must be REQUESTS/SECONDS like 600/60, or off" });

/**
 * A policy that can be kept.
 *
 * @throws {RangeError} when the quota is no positive integer or the window is under a millisecond
 */
export function readPolicy(policy: LimitPolicy): LimitPolicy {
  const { name, quota, window } = policy;
  if (!Number.isInteger(quota) || quota < 1) {
    throw new RangeError(`Cannot limit "${name}": quota must be a positive integer, got ${quota}`);
  }
  if (!(window >= 1)) {
    throw new RangeError(`Cannot limit "${name}": window must be at least 1 ms, got ${window}`);
  }
  return policy;
}
