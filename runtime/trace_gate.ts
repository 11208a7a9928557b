import { z } from "zod";
import { type Clock, systemClock } from "./clock.ts";
import { flag, number } from "./flags.ts";

/** New traces a second at most, or `unlimited` to ask the sampler of OpenTelemetry about every request. */
export type TraceRate = number | "unlimited";

/** The flag of a process that may stand where traces begin. */
export const traceFlags = {
  traceRate: flag(
    z.union([z.literal("unlimited"), number(z.number().min(0).max(1_000_000))], {
      error: "must be a number of traces a second, or unlimited",
    }).default(0),
    {
      help:
        "new traces a second at most, of requests that no trusted proxy traces (with OTEL_DENO); or unlimited",
      placeholder: "RATE",
    },
  ),
};

/**
 * Says which requests begin a trace: at most so many a second, with at most a second's worth at once. What tracing costs is
 * thereby bounded however many requests come, which a share of them is not. (A token bucket, as Jaeger's rate-limiting
 * sampler.)
 */
export class TraceGate {
  readonly #rate: number;
  readonly #most: number;
  readonly #clock: Clock;
  #left: number;
  #since: number;

  constructor(rate: TraceRate, clock: Clock = systemClock) {
    this.#rate = rate === "unlimited" ? Infinity : rate;
    this.#most = this.#rate === 0 ? 0 : Math.max(1, this.#rate);
    this.#clock = clock;
    this.#left = this.#most;
    this.#since = clock.now();
  }

  /** Whether one more may begin now. */
  admit(): boolean {
    if (this.#most === 0) return false;
    if (this.#left < 1) this.#refill();
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }

  #refill(): void {
    const now = this.#clock.now();
    const seconds = Math.max(0, now - this.#since) / 1_000;
    this.#since = now;
    this.#left = Math.min(this.#most, this.#left + seconds * this.#rate);
  }
}
