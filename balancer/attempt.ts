import type { AttemptFailure, Replay } from "./failure.ts";
import type { Timeouts } from "./timeouts.ts";
import type { Upstream } from "./upstream.ts";

/**
 * What a strategy may look at when it picks. Everything but the header function may be a getter: only
 * `consistent-hash` looks, so a proxy that works on bytes decodes nothing for the others.
 */
export interface PickContext {
  /**
   * The client's address without its port, after the trusted-proxy rule; `undefined` when it is not known.
   */
  readonly address: string | undefined;
  /** A field of the request by its lower-case name, several joined by `", "`; `undefined` when absent. */
  header(name: string): string | undefined;
}

/**
 * Where a proxy gets upstreams from, one attempt after another. It knows nothing of transports; a transport
 * knows nothing of strategies. All of it is synchronous but for the wait on an upstream at its cap.
 *
 * @example One exchange, as a proxy leads it
 * ```ts ignore
 * const exchange = source.exchange(context);
 * for (let next = exchange.begin(); ; ) {
 *   const attempt = next.kind === "queued" ? await next.admitted : next;
 *   if (attempt.kind === "none") return answer(describeNoUpstream(attempt));
 *   const failure = await send(attempt);            // attempt.responded(status), attempt.end()
 *   if (failure === undefined) return;
 *   attempt.fail(failure);
 *   if (!exchange.tryAgain(failure, replay)) return answer(describeFailure(failure));
 *   next = exchange.begin();
 * }
 * ```
 */
export interface AttemptSource {
  readonly timeouts: Timeouts;
  /** Begins to serve one request of a client: counts it, and remembers which upstreams it has tried. */
  exchange(context: PickContext): Exchange;
}

/** One request of a client, over all its attempts. */
export interface Exchange {
  /** Attempts begun so far. */
  readonly attempts: number;
  /** Picks an upstream that this exchange has not tried yet. */
  begin(): Begun;
  /**
   * Whether to {@linkcode begin} again after this failure: safe (see `mayTryAgain`), within the number of
   * attempts, with an upstream left to try and within the retry budget. A `true` has been paid for from the
   * budget.
   */
  tryAgain(failure: AttemptFailure, replay: Replay): boolean;
}

/** What {@linkcode Exchange.begin} gives. */
export type Begun = Attempt | Queued | NoUpstream;

/**
 * One try at one upstream. It holds a place among the upstream's requests in flight until {@linkcode end} or
 * {@linkcode fail} is called, whichever comes first; further calls do nothing.
 */
export interface Attempt {
  readonly kind: "attempt";
  readonly upstream: Upstream;
  /**
   * Called at most once, when the health checks give the upstream up (dead or frozen) and no answer has
   * begun. Set it when the request could go elsewhere; abort the connection and fail with `upstream_lost`.
   */
  onLost: (() => void) | undefined;
  /** The head of the final answer is there (not of a 1xx). */
  responded(status: number): void;
  /** The answer was passed on to its end. Frees the place. */
  end(): void;
  /** It failed, before or after the head of the answer. Frees the place. */
  fail(failure: AttemptFailure): void;
}

/** Every upstream that could take the request is at its cap; this one has a place in a queue. */
export interface Queued {
  readonly kind: "queued";
  readonly upstream: Upstream;
  /**
   * Settles with an attempt when a place is free; with `none` when it took too long or the upstream left.
   * Never rejects.
   */
  readonly admitted: Promise<Attempt | NoUpstream>;
  /** The client left: gives the place in the queue up; `admitted` settles with `none`. */
  cancel(): void;
}

/** No attempt could begin. */
export interface NoUpstream {
  readonly kind: "none";
  readonly reason: NoUpstreamReason;
}

/**
 * - `empty`: there are no upstreams at all
 * - `unavailable`: all of them are down, ejected or draining
 * - `exhausted`: each one that could be used was tried
 * - `queue_full`: all at their cap, and their queues are full
 * - `queue_timeout`: waited in the queue too long
 * - `cancelled`: the client left while waiting
 * - `closed`: the balancer is closed
 */
export type NoUpstreamReason =
  | "empty"
  | "unavailable"
  | "exhausted"
  | "queue_full"
  | "queue_timeout"
  | "cancelled"
  | "closed";
