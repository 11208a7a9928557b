import { type Clock, systemClock } from "@flotilla/runtime";
import { type Monotonic, monotonic } from "../monotonic.ts";
import type { Strategy } from "../strategy.ts";
import type { Upstream } from "../upstream.ts";
import type { RandomOptions } from "./random.ts";
import { WeightedDraw } from "./weighted_draw.ts";

/** How {@linkcode peakEwma} remembers. */
export interface PeakEwmaOptions extends RandomOptions {
  /**
   * Milliseconds in which what was measured fades to about a third. Finagle's number: a slow upstream is tried again within some
   * ten seconds.
   *
   * @default 10_000
   */
  decay?: number;
  /**
   * Milliseconds a failed attempt counts for at least, since to fail fast is not to be fast; and what is
   * expected of an upstream that has a request and has never answered: longer than any but slow answers take.
   *
   * @default 1_000
   */
  penalty?: number;
  /** @default systemClock */
  clock?: Clock;
}

/**
 * Draws two upstreams by weight and takes the one where a request is expected to wait less: its latency times
 * the requests it has. The latency is a moving average that jumps up to a peak at once and comes down slowly
 * (Finagle's peak-EWMA), so that an upstream which becomes slow is avoided after one answer. O(1) a pick.
 */
export function peakEwma(options: PeakEwmaOptions = {}): Strategy {
  const { random = Math.random, decay = 10_000, penalty = 1_000, clock = systemClock } = options;
  if (!(decay > 0)) throw new RangeError(`Cannot measure latency: decay must be above 0 ms, got ${decay}`);
  const now = monotonic(clock);
  const draw = new WeightedDraw(random);
  let latencies = new Map<Upstream, PeakLatency>();

  function cost(upstream: Upstream): number {
    const measured = latencies.get(upstream)?.read() ?? 0;
    const latency = measured === 0 && upstream.inFlight > 0 ? penalty : measured;
    return latency * (1 + upstream.inFlight / upstream.effectiveWeight);
  }

  return {
    name: "peak-ewma",
    rebuild(upstreams) {
      draw.rebuild(upstreams);
      const before = latencies;
      latencies = new Map(
        upstreams.map((upstream) => [upstream, before.get(upstream) ?? new PeakLatency(decay, now)]),
      );
    },
    pick(_request, eligible) {
      const one = draw.draw(eligible);
      const other = one === undefined ? undefined : draw.draw(eligible, one);
      if (one === undefined || other === undefined) return one;
      const difference = cost(one) - cost(other);
      if (difference === 0) return other.inFlight < one.inFlight ? other : one;
      return difference < 0 ? one : other;
    },
    answered: (upstream, latency) => latencies.get(upstream)?.observe(latency),
    failed: (upstream, elapsed) => latencies.get(upstream)?.observe(Math.max(elapsed, penalty)),
  };
}

/** A moving average of latencies that rises at once and falls slowly. In milliseconds. */
class PeakLatency {
  readonly #decay: number;
  readonly #now: Monotonic;
  #value = 0;
  #at: number;

  constructor(decay: number, now: Monotonic) {
    this.#decay = decay;
    this.#now = now;
    this.#at = now();
  }

  observe(latency: number): void {
    const { faded, share } = this.#fade();
    this.#value = latency > this.#value ? latency : faded + latency * (1 - share);
  }

  /** The average now: without answers it fades, so that an upstream which was slow once is tried again. */
  read(): number {
    return this.#fade().faded;
  }

  #fade(): { faded: number; share: number } {
    const at = this.#now();
    const share = Math.exp((this.#at - at) / this.#decay);
    const faded = this.#value * share;
    this.#value = faded;
    this.#at = at;
    return { faded, share };
  }
}
