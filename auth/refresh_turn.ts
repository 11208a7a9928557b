import type { Session } from "./session.ts";

/**
 * What a refresh token is worth:
 * - `next`: it is in force, and is used up for the next one;
 * - `again`: the one in force follows it and is given again, since it was used up only just now;
 * - `reused`: it was used up before that, so two parties have it;
 * - `unknown`: its session has not come that far, as in a database that was set back.
 */
export type RefreshTurn = "next" | "again" | "reused" | "unknown";

/**
 * Judges the refresh token of a generation.
 *
 * @param options.reuseInterval milliseconds in which a used one gets its successor again
 */
export function refreshTurn(
  session: Session,
  generation: number,
  options: { now: number; reuseInterval: number },
): RefreshTurn {
  if (generation === session.generation) return "next";
  if (generation > session.generation) return "unknown";
  const justNow = options.now - session.rotated < options.reuseInterval;
  return generation === session.generation - 1 && justNow ? "again" : "reused";
}
