import type { Clock } from "@flotilla/runtime";
import { ActiveAttempt, type Ledger } from "./active_attempt.ts";
import type { Limits } from "./admission.ts";
import type {
  AttemptSource,
  Begun,
  Exchange,
  NoUpstream,
  NoUpstreamReason,
  PickContext,
  Queued,
} from "./attempt.ts";
import { type AttemptFailure, blamesUpstream, reachOf, type Replay } from "./failure.ts";
import type { Monotonic } from "./monotonic.ts";
import type { Pool } from "./pool.ts";
import { QueuedAttempt } from "./queued_attempt.ts";
import type { RetryBudget } from "./retry_budget.ts";
import { judge, type RetryPolicy } from "./retry_policy.ts";
import type { Eligible, Strategy } from "./strategy.ts";
import type { Timeouts } from "./timeouts.ts";
import type { Upstream } from "./upstream.ts";
import type { UpstreamState } from "./upstream_state.ts";

/** What a dispatcher works with. */
export interface DispatcherOptions {
  readonly pool: Pool;
  readonly strategy: Strategy;
  readonly limits: Limits;
  readonly retry: RetryPolicy;
  readonly budget: RetryBudget;
  readonly timeouts: Timeouts;
  readonly clock: Clock;
  readonly now: Monotonic;
  /** An upstream answered. */
  answered(upstream: UpstreamState, status: number): void;
  /** An attempt failed by the upstream's fault. */
  failed(upstream: UpstreamState, failure: AttemptFailure): void;
}

/** Hands out attempts and keeps account of them: the balancer's path of every request. */
export class Dispatcher implements AttemptSource, Ledger {
  readonly timeouts: Timeouts;
  /** Requests of clients. */
  requests = 0;
  /** How often no attempt could begin. */
  readonly refusals: Map<NoUpstreamReason, number> = new Map();
  readonly #options: DispatcherOptions;
  readonly #filter: Filter;
  #closed = false;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.timeouts = options.timeouts;
    this.#filter = new Filter(options.limits);
  }

  exchange(context: PickContext): Exchange {
    this.requests++;
    this.#options.budget.deposit(this.#options.now());
    return new PooledExchange(this, context);
  }

  /** Begins an attempt at an upstream that is not among those tried, and adds it to them. */
  begin(exchange: PooledExchange): Begun {
    const { pool } = this.#options;
    if (this.#closed) return this.#refuse("closed");
    if (pool.rotation.upstreams.length === 0) {
      return this.#refuse(pool.members.length === 0 ? "empty" : "unavailable");
    }
    const free = this.#pick(exchange, false);
    if (free !== undefined) return this.#start(exchange, free);
    const busy = this.#pick(exchange, true);
    if (busy !== undefined) return this.#enqueue(exchange, busy);
    return this.#refuse(this.hasUntried(exchange.tried) ? "queue_full" : "exhausted");
  }

  hasUntried(tried: readonly Upstream[]): boolean {
    const { upstreams } = this.#options.pool.rotation;
    return tried.length < upstreams.length || upstreams.some((upstream) => !tried.includes(upstream));
  }

  /** Whether the request may be tried once more, paid for if it has to be. */
  allowRetry(exchange: PooledExchange, failure: AttemptFailure, replay: Replay): boolean {
    const { retry, budget } = this.#options;
    const verdict = judge(retry, failure, { replay, tries: { all: exchange.attempts, sent: exchange.sent } });
    if (verdict.kind === "no" || !this.hasUntried(exchange.tried)) return false;
    return verdict.kind === "free" || budget.withdraw();
  }

  answered(attempt: ActiveAttempt, status: number): void {
    const { upstream } = attempt;
    const { now, strategy } = this.#options;
    const latency = now() - attempt.begunAt;
    const { stats } = upstream;
    const hundred = Math.floor(status / 100);
    stats.answers[hundred] = (stats.answers[hundred] ?? 0) + 1;
    stats.latency.observe(latency);
    strategy.answered?.(upstream, latency);
    this.#options.answered(upstream, status);
  }

  ended(attempt: ActiveAttempt): void {
    this.#release(attempt.upstream);
  }

  failed(attempt: ActiveAttempt, failure: AttemptFailure): void {
    const { upstream } = attempt;
    const { failures } = upstream.stats;
    failures.set(failure.kind, (failures.get(failure.kind) ?? 0) + 1);
    if (blamesUpstream(failure.kind)) {
      this.#options.strategy.failed?.(upstream, this.#options.now() - attempt.begunAt);
      this.#options.failed(upstream, failure);
    }
    this.#release(upstream);
  }

  /** Sends those who wait for this upstream elsewhere. */
  disperse(upstream: UpstreamState): void {
    for (let left = upstream.queue.size; left > 0; left--) upstream.queue.shift()?.admit();
  }

  /** Begins nothing any more. */
  close(): void {
    this.#closed = true;
    for (const upstream of this.#options.pool.members) this.disperse(upstream);
  }

  #pick(exchange: PooledExchange, queueing: boolean): UpstreamState | undefined {
    const { strategy, pool } = this.#options;
    const filter = this.#filter.for(exchange.tried, queueing);
    const picked = strategy.pick(exchange.context, filter);
    if (picked === undefined) return undefined;
    if (filter.allows(picked)) return pool.get(picked.id);
    return pool.rotation.upstreams.find((upstream) => filter.allows(upstream));
  }

  #start(exchange: PooledExchange, upstream: UpstreamState): ActiveAttempt {
    if (exchange.attempts > 0) upstream.stats.retries++;
    exchange.attempts++;
    exchange.tried = exchange.tried.length === 0 ? [upstream] : [...exchange.tried, upstream];
    upstream.stats.attempts++;
    upstream.inFlight++;
    this.#options.strategy.began?.(upstream);
    return new ActiveAttempt(upstream, this.#options.now(), this);
  }

  #enqueue(exchange: PooledExchange, upstream: UpstreamState): Queued {
    const { clock, limits } = this.#options;
    const queued = new QueuedAttempt(upstream, {
      begin: () => this.begin(exchange),
      refuse: (reason) => this.#refuse(reason),
    });
    upstream.queue.add(queued);
    queued.timer = clock.setTimeout(() => queued.leave("queue_timeout"), limits.queueTimeout);
    return queued;
  }

  #release(upstream: UpstreamState): void {
    upstream.leave();
    this.#options.strategy.ended?.(upstream);
    if (upstream.queued > 0) upstream.queue.shift()?.admit();
  }

  #refuse(reason: NoUpstreamReason): NoUpstream {
    this.refusals.set(reason, (this.refusals.get(reason) ?? 0) + 1);
    return { kind: "none", reason };
  }
}

const NOBODY: readonly UpstreamState[] = [];

/** One request of a client. */
export class PooledExchange implements Exchange {
  attempts = 0;
  /** Attempts that may have reached an upstream. */
  sent = 0;
  /** Made anew by each attempt: an array that grows takes room for many, and nearly every request has one attempt. */
  tried: readonly UpstreamState[] = NOBODY;
  readonly context: PickContext;
  readonly #dispatcher: Dispatcher;
  #forgiven = false;

  constructor(dispatcher: Dispatcher, context: PickContext) {
    this.#dispatcher = dispatcher;
    this.context = context;
  }

  begin(): Begun {
    return this.#dispatcher.begin(this);
  }

  tryAgain(failure: AttemptFailure, replay: Replay): boolean {
    if (reachOf(failure.kind) !== "unsent") this.sent++;
    // What was stale is a connection, not the upstream: a fresh one to the same upstream will do, once.
    if (failure.kind === "stale_connection" && !this.#forgiven) {
      this.#forgiven = true;
      this.tried = this.tried.slice(0, -1);
    }
    return this.#dispatcher.allowRetry(this, failure, replay);
  }
}

/** What a pick may choose from. One object serves every pick, since a pick is over before the next begins. */
class Filter implements Eligible {
  readonly #limits: Limits;
  #tried: readonly Upstream[] = [];
  #queueing = false;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  for(tried: readonly Upstream[], queueing: boolean): this {
    this.#tried = tried;
    this.#queueing = queueing;
    return this;
  }

  allows(upstream: Upstream): boolean {
    const { connections, queue } = this.#limits;
    if (this.#queueing ? upstream.queued >= queue : upstream.inFlight >= connections) return false;
    return this.#tried.length === 0 || !this.#tried.includes(upstream);
  }
}
