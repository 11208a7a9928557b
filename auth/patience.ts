import type { Context } from "hono";
import type { AuthEnvironment } from "./method_table.ts";

/** Aborted when the client has left, or the caller has waited for as long as it said that it would. */
export function patienceOf({ req, env: { context } }: Context<AuthEnvironment>): AbortSignal {
  const left = context.timeLeft();
  const { signal } = req.raw;
  return left === Infinity ? signal : AbortSignal.any([signal, AbortSignal.timeout(left)]);
}
