import { type Clock, systemClock } from "@flotilla/runtime";

/** How {@linkcode CircuitBreaker} judges. */
export interface CircuitBreakerOptions {
  /** Failures in a row that open it. @default 3 */
  threshold?: number;
  /** Milliseconds it stays open the first time; twice as long each time that a trial fails. @default 500 */
  pause?: number;
  /** Most milliseconds it stays open. @default 5_000 */
  maxPause?: number;
  /** @default `systemClock` */
  clock?: Clock;
}

type State =
  | { readonly kind: "closed"; readonly failures: number }
  | { readonly kind: "open"; readonly until: number; readonly pause: number }
  /** One call is under way that decides. */
  | { readonly kind: "trial"; readonly pause: number };

/** Keeps calls from something that does not answer, and lets one through now and then to see whether it is back. */
export class CircuitBreaker {
  readonly #threshold: number;
  readonly #pause: number;
  readonly #maxPause: number;
  readonly #clock: Clock;
  #state: State = { kind: "closed", failures: 0 };

  constructor(options: CircuitBreakerOptions = {}) {
    const { threshold = 3, pause = 500, maxPause = 5_000, clock = systemClock } = options;
    this.#threshold = threshold;
    this.#pause = pause;
    this.#maxPause = maxPause;
    this.#clock = clock;
  }

  /** Whether calls are kept away, as far as is known. */
  get open(): boolean {
    return this.#state.kind !== "closed";
  }

  /** Whether this call may be made; whoever gets `true` reports how it went. */
  admit(): boolean {
    const state = this.#state;
    if (state.kind === "closed") return true;
    if (state.kind === "trial" || this.#clock.now() < state.until) return false;
    this.#state = { kind: "trial", pause: state.pause };
    return true;
  }

  succeeded(): void {
    this.#state = { kind: "closed", failures: 0 };
  }

  failed(): void {
    const state = this.#state;
    if (state.kind === "open") return;
    if (state.kind === "closed" && state.failures + 1 < this.#threshold) {
      this.#state = { kind: "closed", failures: state.failures + 1 };
      return;
    }
    const pause = state.kind === "trial" ? Math.min(2 * state.pause, this.#maxPause) : this.#pause;
    this.#state = { kind: "open", until: this.#clock.now() + pause, pause };
  }
}
