import { AdmissionQueue } from "./admission.ts";
import { type Ejection, NOT_EJECTED } from "./outlier_detector.ts";
import type { FailureKind } from "./failure.ts";
import type { Health } from "./health.ts";
import { LatencyHistogram } from "./latency_histogram.ts";
import type { ActiveAttempt } from "./active_attempt.ts";
import type { Upstream, UpstreamOptions } from "./upstream.ts";

/** Largest weight: keeps the arithmetic of round-robin exact for as long as a process lives. */
const MAX_WEIGHT = 10_000;

/** What an id may be: it goes into paths, logs and the labels of metrics. */
const NAME = /^[!-~]{1,128}$/;

/** An upstream's address and weight, checked. */
export interface UpstreamIdentity {
  readonly id: string;
  readonly origin: string;
  readonly hostname: string;
  readonly port: number;
  readonly secure: boolean;
  readonly weight: number;
}

/**
 * Checks what names an upstream.
 *
 * @throws {TypeError} when the URL is no plain http or https origin, or the id no visible text
 * @throws {RangeError} when the weight is not above 0 and at most 10,000
 */
export function identify(options: UpstreamOptions): UpstreamIdentity {
  const url = URL.parse(String(options.url));
  if (
    url === null || !/^https?:$/.test(url.protocol) || url.pathname !== "/" || url.search !== "" ||
    url.username !== "" || url.password !== "" || url.hash !== ""
  ) {
    throw new TypeError(
      `Cannot use upstream: url must be an origin like http://127.0.0.1:5000, got "${options.url}"`,
    );
  }
  const { weight = 1, id = url.host } = options;
  if (!NAME.test(id)) {
    throw new TypeError(
      `Cannot use upstream: id must be 1 to 128 visible ASCII characters, got ${JSON.stringify(id)}`,
    );
  }
  if (!(weight > 0 && weight <= MAX_WEIGHT)) {
    throw new RangeError(
      `Cannot use upstream "${id}": weight must be above 0 and at most ${MAX_WEIGHT}, got ${weight}`,
    );
  }
  const secure = url.protocol === "https:";
  return {
    id,
    origin: url.origin,
    hostname: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? (secure ? 443 : 80) : Number(url.port),
    secure,
    weight,
  };
}

/** What is counted of an upstream. */
export class UpstreamStats {
  attempts = 0;
  retries = 0;
  ejections = 0;
  /** Answers by the first digit of their status; index 0 is unused. */
  readonly answers: Float64Array = new Float64Array(6);
  readonly failures: Map<FailureKind, number> = new Map();
  readonly latency: LatencyHistogram = new LatencyHistogram();
}

/** A member as the balancer keeps it. */
export class UpstreamState implements Upstream {
  readonly id: string;
  readonly origin: string;
  readonly hostname: string;
  readonly port: number;
  readonly secure: boolean;
  readonly stats: UpstreamStats = new UpstreamStats();
  readonly queue: AdmissionQueue = new AdmissionQueue();
  weight: number;
  effectiveWeight: number;
  inFlight = 0;
  health: Health;
  ejection: Ejection = NOT_EJECTED;
  failuresInARow = 0;
  draining = false;
  /** When slow start began, in monotonic milliseconds; `undefined` when it is over. */
  warmingSince: number | undefined;
  /** The first of the attempts that wait for an answer, linked through them. */
  waiting: ActiveAttempt | undefined;

  #idle: PromiseWithResolvers<void> | undefined;

  constructor(identity: UpstreamIdentity, health: Health) {
    this.id = identity.id;
    this.origin = identity.origin;
    this.hostname = identity.hostname;
    this.port = identity.port;
    this.secure = identity.secure;
    this.weight = identity.weight;
    this.effectiveWeight = identity.weight;
    this.health = health;
  }

  get queued(): number {
    return this.queue.size;
  }

  /** Resolves when no request is inside it. */
  idle(): Promise<void> {
    if (this.inFlight === 0) return Promise.resolve();
    this.#idle ??= Promise.withResolvers();
    return this.#idle.promise;
  }

  /** One attempt less is in flight. */
  leave(): void {
    this.inFlight--;
    if (this.#idle === undefined || this.inFlight > 0) return;
    this.#idle.resolve();
    this.#idle = undefined;
  }
}
