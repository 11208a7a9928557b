import type { Clock, Timer } from "@flotilla/runtime";
import { AttemptError } from "./failure.ts";
import type { DownReason, Health } from "./health.ts";
import type { Upstream } from "./upstream.ts";

/** How upstreams are checked. */
export interface HealthOptions {
  /**
   * What is asked for with `GET`; 2xx and 3xx pass. Where orchestrators too ask whether a process can do its job: one
   * that is alive and waits for its database is to get no requests.
   *
   * @default "/readyz"
   */
  path?: string;
  /**
   * Milliseconds between the starts of two checks of one upstream. With {@linkcode timeout} and {@linkcode
   * fall}, one that freezes is out after at most 0.55 + 0.5 + 0.5 s, since a check that failed is repeated at
   * once. Beyond 250 upstreams the interval grows with their number, so that checks stay below 500 a second,
   * a few per cent of a core.
   *
   * @default 500
   */
  interval?: number;
  /**
   * Part of the interval, 0 to 1, by which it varies at random, so that balancers do not check in step.
   *
   * @default 0.1
   */
  jitter?: number;
  /**
   * Milliseconds until a check without an answer has failed. A process answers within a few, or within tens when it is
   * busy; two that it misses fit into the 2 s in which a frozen one is to be out.
   *
   * @default 500
   */
  timeout?: number;
  /**
   * Checks that must pass in a row to bring an upstream back: one that is being restarted may pass one and be gone again.
   *
   * @default 2
   */
  rise?: number;
  /**
   * Checks that must fail in a row to take it out: one may be lost by a packet, or by a pause of the upstream. A 503 does so at
   * once: the upstream itself asks for it.
   *
   * @default 2
   */
  fall?: number;
}

export type HealthSettings = Readonly<Required<HealthOptions>>;

/**
 * Fills in the defaults.
 *
 * @throws {TypeError} when the path does not begin with a slash
 * @throws {RangeError} when a number is out of range
 */
export function readHealth(options: HealthOptions = {}): HealthSettings {
  const { path = "/readyz", interval = 500, jitter = 0.1, timeout = 500, rise = 2, fall = 2 } = options;
  if (!path.startsWith("/")) {
    throw new TypeError(`Cannot check health: path must begin with a slash, got "${path}"`);
  }
  for (const [name, value] of Object.entries({ interval, timeout })) {
    if (!(value > 0)) throw new RangeError(`Cannot check health: ${name} must be above 0 ms, got ${value}`);
  }
  for (const [name, value] of Object.entries({ rise, fall })) {
    if (!(value >= 1)) throw new RangeError(`Cannot check health: ${name} must be at least 1, got ${value}`);
  }
  if (!(jitter >= 0 && jitter <= 1)) {
    throw new RangeError(`Cannot check health: jitter must be 0 to 1, got ${jitter}`);
  }
  return { path, interval, jitter, timeout, rise, fall };
}

/** Asks an upstream; resolves with the status of the answer, rejects when there is none. */
export type Probe = (upstream: Upstream, options: { path: string; signal: AbortSignal }) => Promise<number>;

/** What the checker asks of its surroundings. */
export interface HealthSurroundings {
  readonly clock: Clock;
  readonly random: () => number;
  readonly probe: Probe;
  /** The state has changed; told only then. */
  changed(upstream: Upstream, health: Health): void;
}

/** What a check found. */
type Finding =
  | { readonly kind: "pass" }
  | { readonly kind: "fail"; readonly reason: DownReason; readonly detail: string }
  /** It could not be asked, for a want of ours. */
  | { readonly kind: "none" };

interface Watch {
  readonly upstream: Upstream;
  health: Health;
  passes: number;
  fails: number;
  /** Down by what a request met, which one check that passes refutes. */
  suspected: boolean;
  timer: Timer | undefined;
  check: AbortController | undefined;
}

/** A time-out that rings so many milliseconds late rings after this process stood still. */
const STILL = 250;

/** Checks are spread so that no more than this many a second are made, however many upstreams there are. */
const MAX_CHECKS_PER_SECOND = 500;

/** Asks every upstream again and again whether it is well. Checking begins with {@linkcode watch}. */
export class HealthChecker {
  readonly #settings: HealthSettings;
  readonly #around: HealthSurroundings;
  readonly #watches = new Map<Upstream, Watch>();

  constructor(settings: HealthSettings, around: HealthSurroundings) {
    this.#settings = settings;
    this.#around = around;
  }

  /** Checks this upstream from now on: the first check at once, or soon where many are added together. */
  watch(upstream: Upstream): void {
    const watch: Watch = {
      upstream,
      health: upstream.health,
      passes: 0,
      fails: 0,
      suspected: false,
      timer: undefined,
      check: undefined,
    };
    const delay = Math.floor((this.#watches.size * 1_000) / MAX_CHECKS_PER_SECOND);
    this.#watches.set(upstream, watch);
    this.#schedule(watch, delay);
  }

  unwatch(upstream: Upstream): void {
    const watch = this.#watches.get(upstream);
    this.#watches.delete(upstream);
    watch?.timer?.cancel();
    watch?.check?.abort();
  }

  /** A request could not connect: the upstream is out at once, and is asked at once whether that is so. */
  suspect(upstream: Upstream, detail: string): void {
    const watch = this.#watches.get(upstream);
    if (watch === undefined || watch.health.kind === "down") return;
    watch.suspected = true;
    this.#set(watch, { kind: "down", since: this.#around.clock.now(), reason: "unreachable", detail });
    if (watch.check === undefined) this.#schedule(watch, 0);
  }

  close(): void {
    for (const upstream of [...this.#watches.keys()]) this.unwatch(upstream);
  }

  #schedule(watch: Watch, delay: number): void {
    watch.timer?.cancel();
    watch.timer = this.#around.clock.setTimeout(() => void this.#run(watch), delay, { background: true });
  }

  async #run(watch: Watch): Promise<void> {
    const started = this.#around.clock.now();
    const finding = await this.#ask(watch);
    if (this.#watches.get(watch.upstream) !== watch) return;
    this.#judge(watch, finding);
    const failing = finding.kind === "fail" && watch.health.kind === "up";
    const spent = this.#around.clock.now() - started;
    this.#schedule(watch, failing ? 0 : Math.max(0, this.#interval() - spent));
  }

  async #ask(watch: Watch): Promise<Finding> {
    const check = new AbortController();
    watch.check = check;
    const { path, timeout } = this.#settings;
    const { promise: late, resolve } = Promise.withResolvers<Finding>();
    using _timer = this.#after(timeout, () => {
      resolve({ kind: "fail", reason: "unreachable", detail: `no answer within ${timeout} ms` });
      check.abort();
    });
    const asked = this.#around.probe(watch.upstream, { path, signal: check.signal }).then(found, unreachable);
    try {
      return await Promise.race([asked, late]);
    } finally {
      watch.check = undefined;
    }
  }

  /**
   * Calls back after so many milliseconds; after as many more, when this process stood still meanwhile, since timers ring
   * before the answers are read that came in that time.
   */
  #after(ms: number, callback: () => void): Disposable {
    const { clock } = this.#around;
    const due = clock.now() + ms;
    const ring = () => {
      if (clock.now() - due < STILL) callback();
      else timer = clock.setTimeout(callback, ms, { background: true });
    };
    let timer = clock.setTimeout(ring, ms, { background: true });
    return { [Symbol.dispose]: () => timer.cancel() };
  }

  #judge(watch: Watch, finding: Finding): void {
    if (finding.kind === "none") return;
    const since = this.#around.clock.now();
    if (finding.kind === "pass") {
      watch.fails = 0;
      watch.passes++;
      const first = watch.health.kind === "unknown";
      const back = watch.health.kind === "down" && (watch.suspected || watch.passes >= this.#settings.rise);
      watch.suspected = false;
      if (first || back) this.#set(watch, { kind: "up", since });
      return;
    }
    const { reason, detail } = finding;
    watch.passes = 0;
    watch.fails++;
    watch.suspected = false;
    const decided = reason === "unready" || watch.health.kind !== "up" || watch.fails >= this.#settings.fall;
    if (decided) this.#set(watch, { kind: "down", since, reason, detail });
  }

  #set(watch: Watch, health: Health): void {
    const before = watch.health;
    if (before.kind === "down" && health.kind === "down" && before.reason === health.reason) return;
    watch.health = health;
    this.#around.changed(watch.upstream, health);
  }

  #interval(): number {
    const { interval, jitter } = this.#settings;
    const least = (this.#watches.size * 1_000) / MAX_CHECKS_PER_SECOND;
    return Math.max(interval, least) * (1 + jitter * (2 * this.#around.random() - 1));
  }
}

function found(status: number): Finding {
  if (status >= 200 && status < 400) return { kind: "pass" };
  return { kind: "fail", reason: status === 503 ? "unready" : "status", detail: `answered ${status}` };
}

function unreachable(error: unknown): Finding {
  if (error instanceof AttemptError && error.failure.kind === "no_socket") return { kind: "none" };
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return { kind: "fail", reason: "unreachable", detail: cause instanceof Error ? cause.message : "failed" };
}
