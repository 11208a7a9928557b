import { type Clock, type ServeInfo, systemClock } from "@flotilla/runtime";
import { getLogger } from "@logtape/logtape";
import { Registry } from "prom-client";
import { type AccessLogOptions, createAccessLog } from "./access_log.ts";
import { ActiveAttempt } from "./active_attempt.ts";
import { addressList } from "./address_list.ts";
import { type LimitsOptions, readLimits } from "./admission.ts";
import type { AttemptSource } from "./attempt.ts";
import { Dispatcher } from "./dispatcher.ts";
import type { AttemptFailure } from "./failure.ts";
import { HealthChecker, type HealthOptions, readHealth } from "./health_checker.ts";
import type { Health } from "./health.ts";
import { registerMetrics } from "./metrics.ts";
import { type Monotonic, monotonic } from "./monotonic.ts";
import { OutlierDetector, type OutlierOptions, readOutlier } from "./outlier_detector.ts";
import { Pool } from "./pool.ts";
import { createProxy } from "./proxy.ts";
import { createProbe } from "./probe.ts";
import { RetryBudget } from "./retry_budget.ts";
import { readRetry, type RetryOptions, type RetryPolicy } from "./retry_policy.ts";
import { isReady, type PanicOptions, readPanic } from "./rotation.ts";
import { readSlowStart, type SlowStartOptions } from "./slow_start.ts";
import { type BalancerSnapshot, takeSnapshot } from "./snapshot.ts";
import type { Strategy } from "./strategy.ts";
import { createStrategy, type StrategyName } from "./strategies.ts";
import { readTimeouts, type TimeoutsOptions } from "./timeouts.ts";
import { fetchTransport } from "./transports/fetch.ts";
import type { Transport } from "./transports/transport.ts";
import type { UpstreamOptions } from "./upstream.ts";
import type { UpstreamState } from "./upstream_state.ts";

/** What {@linkcode createBalancer} makes a balancer from. */
export interface BalancerOptions {
  /** Who takes the requests. May be empty, and be filled by {@linkcode Balancer.update}. */
  upstreams: readonly (string | URL | UpstreamOptions)[];
  /** A name, or a strategy of your own. @default "round-robin" */
  strategy?: StrategyName | Strategy;
  /**
   * How upstreams are checked; `false` for not at all, they are taken to be well then until requests fail.
   */
  health?: HealthOptions | false;
  /** When an upstream that passes its checks but fails requests is left out; `false` for never. */
  outlier?: OutlierOptions | false;
  /** How an upstream that comes back is brought up to its full share. */
  slowStart?: SlowStartOptions;
  /** What is done when few upstreams are left. */
  panic?: PanicOptions;
  /** When a failed request is tried on another upstream. */
  retry?: RetryOptions;
  timeouts?: TimeoutsOptions;
  /** How many requests an upstream may have at once, and how many may wait. */
  limits?: LimitsOptions;
  /** Proxies whose `X-Forwarded-*` and `Forwarded` are believed: addresses or networks. @default none */
  trustedProxies?: readonly string[];
  /** Our name in `Via`. @default "flotilla" */
  pseudonym?: string;
  /** Which requests are written to the log. @default those answered with 500 and above */
  accessLog?: AccessLogOptions;
  /** How requests are sent. @default fetchTransport() */
  transport?: Transport;
  /** Where time comes from. @default systemClock */
  clock?: Clock;
  /** Numbers from 0 up to 1. @default Math.random */
  random?: () => number;
  /** Where measures are registered. @default a new one */
  registry?: Registry;
}

/** Spreads requests over upstreams. */
export interface Balancer extends AsyncDisposable {
  /**
   * Passes a request on to an upstream and its answer back; never rejects. When no upstream's answer can be
   * had the answer is a problem (RFC 9457): 502, 503 or 504, told apart as `describeFailure` says.
   */
  fetch(request: Request, info?: ServeInfo): Promise<Response>;
  /**
   * Makes these the upstreams, without dropping a request: those that stay keep their state, those that go
   * finish what they have. They are told apart by their ids.
   *
   * @throws {TypeError} when an address cannot be used, or two have the same id; nothing is changed then
   * @throws {RangeError} when a weight is out of range
   */
  update(upstreams: readonly (string | URL | UpstreamOptions)[]): void;
  /**
   * Sends an upstream no new requests. Resolves when those inside it are finished. It stays a member, and
   * stays out until {@linkcode resume}.
   *
   * @throws {RangeError} when there is none of that id
   */
  drain(id: string): Promise<void>;
  /**
   * Ends {@linkcode drain}.
   *
   * @throws {RangeError} when there is none of that id
   */
  resume(id: string): void;
  /** The state of everything now. */
  snapshot(): BalancerSnapshot;
  /** Whether at least one upstream is known to be able to take requests. */
  readonly ready: boolean;
  /** For a proxy that leads its exchanges itself, such as one that works on bytes. */
  readonly source: AttemptSource;
  /** Retries as they are in force. */
  readonly retry: RetryPolicy;
  readonly registry: Registry;
  /**
   * Stops checking, breaks off what is still in flight, and closes every connection. Closing twice is safe.
   */
  close(): Promise<void>;
}

/**
 * Makes a balancer over these upstreams. The defaults suit two upstreams on loopback as well as a thousand on
 * a network; each option says why.
 *
 * @throws {TypeError | RangeError} when an option is out of range
 *
 * @example
 * ```ts ignore
 * import { createBalancer } from "@flotilla/balancer";
 *
 * await using balancer = createBalancer({
 *   upstreams: ["http://127.0.0.1:5000", { url: "http://127.0.0.1:5001", weight: 2 }],
 *   strategy: "least-connections",
 * });
 * await Deno.serve({ port: 8000 }, balancer.fetch).finished;
 * ```
 */
export function createBalancer(options: BalancerOptions): Balancer {
  return new PoolBalancer(options);
}

/** Puts the parts together: who belongs to the pool, who is well, who takes the next request. */
class PoolBalancer implements Balancer {
  readonly fetch: (request: Request, info?: ServeInfo) => Promise<Response>;
  readonly source: Dispatcher;
  readonly retry: RetryPolicy;
  readonly registry: Registry;
  readonly #logger = getLogger(["flotilla", "balancer"]);
  readonly #clock: Clock;
  readonly #now: Monotonic;
  readonly #random: () => number;
  readonly #strategy: Strategy;
  readonly #transport: Transport;
  readonly #budget: RetryBudget;
  readonly #checker: HealthChecker | undefined;
  readonly #outliers: OutlierDetector | undefined;
  readonly #pool: Pool;
  readonly #closing = new AbortController();

  constructor(options: BalancerOptions) {
    const { strategy = "round-robin", clock = systemClock, random = Math.random, registry = new Registry() } =
      options;
    const { transport = fetchTransport(), health = {}, outlier = {}, trustedProxies = [] } = options;
    this.#clock = clock;
    this.#now = monotonic(clock);
    this.#random = random;
    this.registry = registry;
    this.retry = readRetry(options.retry);
    this.#budget = new RetryBudget(this.retry.budget, this.#now);
    this.#strategy = typeof strategy === "string" ? createStrategy(strategy, { random, clock }) : strategy;
    this.#transport = transport;
    this.#checker = health === false ? undefined : this.#createChecker(health);
    this.#outliers = outlier === false ? undefined : this.#createDetector(outlier);
    this.#pool = this.#createPool(options);
    this.source = this.#createDispatcher(options);
    this.fetch = createProxy({
      source: this.source,
      transport,
      rules: { trusted: addressList(trustedProxies), pseudonym: options.pseudonym ?? "flotilla" },
      bodyBytes: this.retry.bodyBytes,
      clock,
      now: this.#now,
      accessLog: createAccessLog({ random, ...options.accessLog }),
      closing: this.#closing.signal,
    });
    registerMetrics(registry, this.#sources());
    this.update(options.upstreams);
  }

  get ready(): boolean {
    return isReady(this.#pool.rotation);
  }

  update(upstreams: readonly (string | URL | UpstreamOptions)[]): void {
    this.#pool.update(upstreams.map((upstream) => isAddress(upstream) ? { url: upstream } : upstream));
  }

  async drain(id: string): Promise<void> {
    await this.#setDraining(id, true).idle();
  }

  resume(id: string): void {
    this.#setDraining(id, false);
  }

  snapshot(): BalancerSnapshot {
    return takeSnapshot(this.#sources());
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.source.close();
    this.#checker?.close();
    this.#outliers?.close();
    this.#pool.close();
    this.#closing.abort(new Error("The balancer is closed"));
    await Promise.all(this.#pool.members.map((upstream) => upstream.idle()));
    this.#transport.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #createChecker(health: HealthOptions): HealthChecker {
    return new HealthChecker(readHealth(health), {
      clock: this.#clock,
      random: this.#random,
      probe: createProbe(this.#transport),
      changed: (upstream, state) => this.#healthChanged(upstream.id, state),
    });
  }

  #createDetector(outlier: OutlierOptions): OutlierDetector {
    return new OutlierDetector(readOutlier(outlier), {
      clock: this.#clock,
      now: this.#now,
      members: () => this.#pool.members,
      changed: (upstream) => {
        const { id, ejection } = upstream;
        this.#logger.warn("{upstream} is {ejection}", {
          upstream: id,
          ejection: ejection.kind === "none" ? "let in again" : "ejected",
        });
        this.#pool.refresh();
      },
    });
  }

  #createPool({ slowStart, panic }: BalancerOptions): Pool {
    return new Pool({
      strategy: this.#strategy,
      slowStart: readSlowStart(slowStart),
      panic: readPanic(panic),
      clock: this.#clock,
      now: this.#now,
      checked: this.#checker !== undefined,
      joined: (upstream) => this.#checker?.watch(upstream),
      left: (upstream) => this.#forget(upstream),
      retired: (upstream) => this.source.disperse(upstream),
    });
  }

  #createDispatcher({ limits, timeouts }: BalancerOptions): Dispatcher {
    return new Dispatcher({
      pool: this.#pool,
      strategy: this.#strategy,
      limits: readLimits(limits),
      retry: this.retry,
      budget: this.#budget,
      timeouts: readTimeouts(timeouts),
      clock: this.#clock,
      now: this.#now,
      answered: (upstream, status) => this.#outliers?.answered(upstream, status),
      failed: (upstream, failure) => this.#attemptFailed(upstream, failure),
    });
  }

  /**
   * Who cannot be connected to is out at once: asked by a check where there are checks, ejected where there
   * are none.
   */
  #attemptFailed(upstream: UpstreamState, failure: AttemptFailure): void {
    const unreachable = failure.kind === "connect_refused" || failure.kind === "connect_timeout";
    if (!unreachable) return this.#outliers?.failed(upstream);
    if (this.#checker !== undefined) this.#checker.suspect(upstream, "a request could not connect");
    else if (upstream.ejection.kind === "none") this.#outliers?.eject(upstream);
  }

  #healthChanged(id: string, health: Health): void {
    const upstream = this.#pool.get(id);
    if (upstream === undefined) return;
    upstream.health = health;
    if (health.kind === "down") {
      this.#logger.warn("{upstream} is down: {detail}", {
        upstream: id,
        reason: health.reason,
        detail: health.detail,
      });
    } else this.#logger.info("{upstream} is {health}", { upstream: id, health: health.kind });
    this.#pool.refresh();
    if (health.kind === "down" && health.reason === "unreachable") ActiveAttempt.loseAll(upstream);
  }

  #setDraining(id: string, draining: boolean): UpstreamState {
    const upstream = this.#pool.setDraining(id, draining);
    if (upstream === undefined) throw new RangeError(`Cannot find upstream: no member has the id "${id}"`);
    return upstream;
  }

  #forget(upstream: UpstreamState): void {
    this.#checker?.unwatch(upstream);
    this.#outliers?.forget(upstream);
    this.source.disperse(upstream);
    this.#transport.forget?.(upstream);
    // What is in use now has come back by then.
    void upstream.idle().then(() => this.#transport.forget?.(upstream));
  }

  #sources() {
    return {
      pool: this.#pool,
      dispatcher: this.source,
      budget: this.#budget,
      strategy: this.#strategy.name,
      transport: this.#transport.name,
    };
  }
}

function isAddress(upstream: string | URL | UpstreamOptions): upstream is string | URL {
  return typeof upstream === "string" || upstream instanceof URL;
}
