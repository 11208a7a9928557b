import { ASSERTION_HEADER, type AssertionSigner, type Caller } from "@flotilla/auth/verify";
import type { Clock } from "@flotilla/runtime";
import type { ServiceCaller } from "./engine/task_context.ts";
import type { Task } from "./engine/task_state.ts";

/** Where the data service is, and what calls it. */
export interface ServiceTarget {
  /** For example `http://127.0.0.1:5002`. */
  origin: string;
  /** @default the platform's `fetch` */
  fetch?: (request: Request) => Promise<Response>;
}

/** The data service did not answer at all. What the network said of it has addresses in it that are nobody's business. */
export class ServiceUnreachableError extends Error {
  override readonly name = "ServiceUnreachableError";
}

/** Seconds ahead that a task's principal is said to end: each call makes a new one. */
const LIFE = 300;

/**
 * Lets a task call the data service as its owner. The worker vouches for them with the rights they had when they sent the
 * task, so that it runs when their token is long gone.
 */
export function serviceCalls(
  target: ServiceTarget,
  options: { signer: AssertionSigner; clock: Clock },
): (task: Task, signal: AbortSignal) => ServiceCaller {
  const { origin, fetch: send = (request) => fetch(request) } = target;
  const { signer, clock } = options;
  return (task, signal) => async (path, init = {}) => {
    const url = new URL(path, origin);
    if (url.origin !== new URL(origin).origin) {
      throw new TypeError(`Cannot call ${url.origin}: it is not the service`);
    }
    const headers = new Headers(init.headers);
    headers.set(ASSERTION_HEADER, await signer.sign(callerOf(task, clock.now())));
    headers.set("x-request-id", `task-${task.id}`);
    const request = new Request(url, { ...init, headers, signal: init.signal ?? signal });
    try {
      return await send(request);
    } catch (cause) {
      request.signal.throwIfAborted();
      throw new ServiceUnreachableError("The data service could not be reached", { cause });
    }
  };
}

/** The task's owner, for another role: with the rights they had when they sent the task. */
export function callerOf({ owner, id }: Task, now: number): Caller {
  const expires = Math.floor(now / 1_000) + LIFE;
  return { kind: "user", principal: { ...owner, tokenId: `task-${id}`, expires } };
}
