import { ASSERTION_HEADER, type AssertionSigner } from "@flotilla/auth/verify";
import type { Clock } from "@flotilla/runtime";
import { z } from "zod";
import type { Task } from "./engine/task_state.ts";
import { callerOf } from "./service_caller.ts";

/** Where the auth service is, and what calls it. */
export interface StandingTarget {
  /** For example `http://127.0.0.1:5013`. */
  origin: string;
  /** @default the platform's `fetch` */
  fetch?: (request: Request) => Promise<Response>;
}

const standingSchema = z.object({ active: z.boolean(), since: z.iso.datetime().optional() });
/** Milliseconds that an answer may take. */
const TIMEOUT = 2_000;

/**
 * Asks the auth service whether the account that sent a task is still there and enabled. Another one that has got its name
 * since does not count.
 *
 * What is returned rejects when there is no answer.
 */
export function ownerStanding(
  target: StandingTarget,
  options: { signer: AssertionSigner; clock: Clock },
): (task: Task) => Promise<boolean> {
  const { origin, fetch: send = (request) => fetch(request) } = target;
  const { signer, clock } = options;
  return async (task) => {
    const assertion = await signer.sign(callerOf(task, clock.now()));
    const headers = { [ASSERTION_HEADER]: assertion, "x-request-id": `task-${task.id}` };
    const signal = AbortSignal.timeout(TIMEOUT);
    const response = await send(new Request(new URL("/auth/standing", origin), { headers, signal }));
    if (!response.ok) {
      await response.body?.cancel();
      throw new Error(`The auth service answered ${response.status} when it was asked for an account`);
    }
    const { active, since } = standingSchema.parse(await response.json());
    return active && (since === undefined || Date.parse(since) <= task.created);
  };
}
