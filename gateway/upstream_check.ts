import type { ReadinessCheck } from "@flotilla/runtime";

/**
 * Whether a balancer in front of an inner role can be reached. What it answers does not matter: with no worker alive the
 * gateway can still serve data, and says 503 for tasks only.
 */
export function reachable(origin: string): ReadinessCheck {
  return async (signal) => {
    const response = await fetch(`${origin}/readyz`, { signal, redirect: "manual" });
    await response.body?.cancel();
  };
}
