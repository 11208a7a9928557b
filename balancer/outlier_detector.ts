import type { Clock, Timer } from "@flotilla/runtime";
import type { Monotonic } from "./monotonic.ts";
import type { UpstreamState } from "./upstream_state.ts";

/** When an upstream that answers badly is left out for a while, though its health checks pass. */
export interface OutlierOptions {
  /**
   * Failures in a row (500, 502, 504, or no proper answer at all) that eject. Envoy's number: one bad request, tried on
   * three upstreams, ejects none, and no more than five clients find out that one is broken.
   *
   * @default 5
   */
  consecutive?: number;
  /**
   * Milliseconds of the first ejection; the n-th one in a row takes n times as long. A process is restarted and ready
   * within that, and one ejected by accident is not missed for long.
   *
   * @default 10_000
   */
  baseEjection?: number;
  /**
   * Milliseconds of the longest ejection: even one that failed all day is tried again within minutes of its repair.
   *
   * @default 300_000
   */
  maxEjection?: number;
  /**
   * Largest share of the upstreams that may be ejected at a time, 0 to 1; one may always be while another is
   * left. Half by default: with two upstreams one can go, which a tenth (Envoy's default) would not say by
   * itself; with a thousand, the remaining ones take twice their load at worst. When more than half fail
   * alike, the requests or something all upstreams depend on are the likelier cause, and ejecting more would
   * not help.
   *
   * @default 0.5
   */
  maxShare?: number;
}

export type OutlierSettings = Readonly<Required<OutlierOptions>>;

/**
 * Fills in the defaults.
 *
 * @throws {RangeError} when one is out of range
 */
export function readOutlier(options: OutlierOptions = {}): OutlierSettings {
  const { consecutive = 5, baseEjection = 10_000, maxEjection = 300_000, maxShare = 0.5 } = options;
  if (!(consecutive >= 1)) {
    throw new RangeError(`Cannot detect outliers: consecutive must be at least 1, got ${consecutive}`);
  }
  if (!(baseEjection > 0 && baseEjection <= maxEjection)) {
    throw new RangeError(
      `Cannot detect outliers: baseEjection must be above 0 ms and at most maxEjection, got ${baseEjection}`,
    );
  }
  if (!(maxShare >= 0 && maxShare <= 1)) {
    throw new RangeError(`Cannot detect outliers: maxShare must be 0 to 1, got ${maxShare}`);
  }
  return { consecutive, baseEjection, maxEjection, maxShare };
}

/**
 * Whether an upstream is ejected, and what the next ejection will cost it. Times are monotonic milliseconds.
 */
export type Ejection =
  | { readonly kind: "none"; readonly level: number; readonly since: number }
  | { readonly kind: "ejected"; readonly level: number; readonly until: number };

/** Never ejected. */
export const NOT_EJECTED: Ejection = { kind: "none", level: 0, since: 0 };

/** How many of `members` may be ejected at a time: at least one, but never the last. */
export function ejectionCeiling(members: number, maxShare: number): number {
  if (maxShare === 0) return 0;
  return Math.min(members - 1, Math.max(1, Math.floor(members * maxShare)));
}

/**
 * The level of the next ejection: one more than the last, less one for each `base` spent in good standing
 * since.
 */
export function nextLevel(ejection: Ejection, now: number, base: number): number {
  if (ejection.kind === "ejected") return ejection.level + 1;
  return Math.max(0, ejection.level - Math.floor((now - ejection.since) / base)) + 1;
}

/** Whether a status counts as a failure of the upstream; 501 and 505 are about the request. */
export function isBadStatus(status: number): boolean {
  return status === 500 || status === 502 || status === 504;
}

/**
 * An upstream that answers 503 refuses work on purpose: it has too much of it, or waits for something that all upstreams
 * wait for. To eject it would only give its share to the others. It can ask to be left out by the answer to its check.
 */
const REFUSED = 503;

/** What the detector asks of its surroundings. */
export interface OutlierSurroundings {
  readonly clock: Clock;
  readonly now: Monotonic;
  members(): readonly UpstreamState[];
  /** An upstream was ejected, or has come back. */
  changed(upstream: UpstreamState): void;
}

/** Watches what becomes of requests, and ejects the upstream whose answers keep failing. */
export class OutlierDetector {
  readonly #settings: OutlierSettings;
  readonly #around: OutlierSurroundings;
  readonly #timers = new Map<UpstreamState, Timer>();

  constructor(settings: OutlierSettings, around: OutlierSurroundings) {
    this.#settings = settings;
    this.#around = around;
  }

  answered(upstream: UpstreamState, status: number): void {
    if (isBadStatus(status)) this.#count(upstream);
    else if (status !== REFUSED) upstream.failuresInARow = 0;
  }

  /** An attempt failed by the upstream's fault. */
  failed(upstream: UpstreamState): void {
    this.#count(upstream);
  }

  /** Ejects at once, on evidence that needs no repetition. */
  eject(upstream: UpstreamState): void {
    const { baseEjection, maxEjection } = this.#settings;
    const now = this.#around.now();
    const level = nextLevel(upstream.ejection, now, baseEjection);
    const duration = Math.min(maxEjection, baseEjection * level);
    upstream.ejection = { kind: "ejected", level, until: now + duration };
    upstream.failuresInARow = 0;
    upstream.stats.ejections++;
    this.#timers.get(upstream)?.cancel();
    const timer = this.#around.clock.setTimeout(() => this.#reinstate(upstream), duration, {
      background: true,
    });
    this.#timers.set(upstream, timer);
    this.#around.changed(upstream);
  }

  /** Stops watching one that is no member any more. */
  forget(upstream: UpstreamState): void {
    this.#timers.get(upstream)?.cancel();
    this.#timers.delete(upstream);
  }

  close(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  #count(upstream: UpstreamState): void {
    if (++upstream.failuresInARow < this.#settings.consecutive) return;
    if (upstream.ejection.kind === "ejected" || !this.#mayEject()) return;
    this.eject(upstream);
  }

  #mayEject(): boolean {
    const members = this.#around.members();
    const ejected = members.filter(({ ejection }) => ejection.kind === "ejected").length;
    return ejected < ejectionCeiling(members.length, this.#settings.maxShare);
  }

  #reinstate(upstream: UpstreamState): void {
    this.#timers.delete(upstream);
    upstream.ejection = { kind: "none", level: upstream.ejection.level, since: this.#around.now() };
    upstream.failuresInARow = 0;
    this.#around.changed(upstream);
  }
}
