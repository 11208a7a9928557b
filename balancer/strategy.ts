import type { PickContext } from "./attempt.ts";
import type { Upstream } from "./upstream.ts";

/** Which upstreams of the rotation may take this request: not tried yet, and with room. */
export interface Eligible {
  allows(upstream: Upstream): boolean;
}

/**
 * Decides which upstream takes a request. It is built when the rotation changes and asked per request: all
 * that costs belongs into {@linkcode rebuild}. The hooks tell it what became of its picks; a strategy that
 * needs none leaves them out.
 */
export interface Strategy {
  readonly name: string;
  /**
   * The upstreams in rotation, or their weights, have changed. An upstream is the same object as long as it
   * is a member.
   */
  rebuild(upstreams: readonly Upstream[]): void;
  /**
   * Picks one for a request, in constant or logarithmic time. One that ignores `eligible` is still right:
   * what it may not have is replaced by the next one that may be had.
   */
  pick(request: PickContext, eligible: Eligible): Upstream | undefined;
  /** An attempt has begun: `upstream.inFlight` has grown by one. */
  began?(upstream: Upstream): void;
  /** The head of an answer came after so many milliseconds. */
  answered?(upstream: Upstream, latency: number): void;
  /** The attempt failed by the upstream's fault, after so many milliseconds. */
  failed?(upstream: Upstream, elapsed: number): void;
  /** The attempt is over: `upstream.inFlight` has shrunk by one. */
  ended?(upstream: Upstream): void;
}

/** Allows all. */
export const EVERY_UPSTREAM: Eligible = { allows: () => true };
