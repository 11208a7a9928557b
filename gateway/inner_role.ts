import { ASSERTION_HEADER, type AssertionSigner } from "@flotilla/auth/verify";
import {
  type AttemptSource,
  type Balancer,
  type ConnectionPool,
  createBalancer,
  tcpTransport,
} from "@flotilla/balancer";
import { type ReadinessCheck, REQUEST_ID_HEADER } from "@flotilla/runtime";
import type { Fetcher } from "./forward.ts";

/** The way to an inner role, through the balancer in front of it. */
export interface InnerRole extends AsyncDisposable {
  readonly origin: string;
  readonly fetch: Fetcher;
  /** The same way for requests that are passed on as octets. */
  readonly source: AttemptSource;
  /** Whether the balancer in front of the role can be reached. */
  readonly reachable: ReadinessCheck;
}

/**
 * Opens the way to the balancer at this origin: pooled connections, with failures told apart as 502, 503 and 504. The
 * balancer there checks its upstreams, so that no checks are made here.
 */
export function createInnerRole(
  origin: string,
  options: { instance: string; pool?: ConnectionPool },
): InnerRole {
  const { instance, pool } = options;
  const balancer: Balancer = createBalancer({
    upstreams: [origin],
    health: false,
    outlier: false,
    // The gateway's own time-outs, route by route, come first.
    timeouts: { firstByte: 600_000 },
    pseudonym: instance,
    transport: tcpTransport(pool === undefined ? {} : { pool }),
  });
  return {
    origin,
    fetch: balancer.fetch,
    source: balancer.source,
    async reachable(signal) {
      // What it answers does not matter: with no worker alive the gateway still serves data, and says 503 for tasks
      // only.
      const response = await balancer.fetch(new Request(`${origin}/healthz`, { signal }));
      await response.body?.cancel();
      if (!response.headers.has("x-served-by")) throw new Error("cannot be reached");
    },
    [Symbol.asyncDispose]: () => balancer.close(),
  };
}

/** Calls on the gateway's own behalf, as nobody: for the keys that tokens are checked with. */
export function ownCalls(
  role: InnerRole,
  assertions: AssertionSigner,
): (request: Request) => Promise<Response> {
  return async (request) => {
    const headers = new Headers(request.headers);
    headers.set(ASSERTION_HEADER, await assertions.sign({ kind: "anonymous" }));
    headers.set(REQUEST_ID_HEADER, crypto.randomUUID());
    return await role.fetch(new Request(request, { headers }));
  };
}
