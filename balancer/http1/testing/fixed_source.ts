import type { Attempt, AttemptSource, Begun, Exchange, PickContext } from "../../attempt.ts";
import { type AttemptFailure, mayTryAgain, type Replay } from "../../failure.ts";
import { readTimeouts, type Timeouts, type TimeoutsOptions } from "../../timeouts.ts";
import type { Upstream } from "../../upstream.ts";

/** An upstream that only a test knows. */
export function testUpstream(id: string, options: { hostname?: string; port?: number } = {}): Upstream {
  const { hostname = "127.0.0.1", port = 1 } = options;
  return {
    id,
    origin: `http://${hostname}:${port}`,
    hostname,
    port,
    secure: false,
    weight: 1,
    effectiveWeight: 1,
    inFlight: 0,
    queued: 0,
    health: { kind: "unknown" },
    draining: false,
  };
}

/** Gives the same upstream each time, tries again where that is safe, and remembers how attempts ended. */
export class FixedSource implements AttemptSource {
  readonly timeouts: Timeouts;
  readonly upstream: Upstream;
  readonly failures: AttemptFailure[] = [];
  readonly statuses: number[] = [];
  readonly contexts: PickContext[] = [];
  ended = 0;
  /** Attempts for each request at most. */
  maxAttempts = 3;
  /** Attempts that have begun and not ended. */
  inFlight = 0;
  /** Calls `onLost` of the attempt that began last. */
  lose: () => void = () => {};
  /** Stands in for an attempt. */
  instead: (() => Begun) | undefined;

  constructor(options: { upstream?: Upstream; timeouts?: TimeoutsOptions } = {}) {
    this.upstream = options.upstream ?? testUpstream("only");
    this.timeouts = readTimeouts(options.timeouts);
  }

  exchange(context: PickContext): Exchange {
    this.contexts.push(context);
    const exchange = {
      attempts: 0,
      begin: (): Begun => {
        exchange.attempts++;
        return this.instead?.() ?? this.attempt();
      },
      tryAgain: (failure: AttemptFailure, replay: Replay) =>
        exchange.attempts < this.maxAttempts && mayTryAgain(failure.kind, replay),
    };
    return exchange;
  }

  attempt(): Attempt {
    this.inFlight++;
    const attempt: Attempt = {
      kind: "attempt",
      upstream: this.upstream,
      onLost: undefined,
      responded: (status) => void this.statuses.push(status),
      end: () => {
        this.inFlight--;
        this.ended++;
      },
      fail: (failure) => {
        this.inFlight--;
        this.failures.push(failure);
      },
    };
    this.lose = () => attempt.onLost?.();
    return attempt;
  }
}
