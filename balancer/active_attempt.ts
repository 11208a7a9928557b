import type { Attempt } from "./attempt.ts";
import type { AttemptFailure } from "./failure.ts";
import type { UpstreamState } from "./upstream_state.ts";

/** Who keeps account of attempts. */
export interface Ledger {
  answered(attempt: ActiveAttempt, status: number): void;
  ended(attempt: ActiveAttempt): void;
  failed(attempt: ActiveAttempt, failure: AttemptFailure): void;
}

/** An attempt's way: it waits for an answer, has one, is over. */
export type AttemptStage = "waiting" | "answered" | "over";

/**
 * An attempt as the balancer keeps it. While it waits it is a link in its upstream's chain of waiting
 * attempts.
 */
export class ActiveAttempt implements Attempt {
  readonly kind = "attempt";
  readonly upstream: UpstreamState;
  /** Monotonic milliseconds. */
  readonly begunAt: number;
  onLost: (() => void) | undefined = undefined;
  stage: AttemptStage = "waiting";
  readonly #ledger: Ledger;
  #next: ActiveAttempt | undefined;
  #previous: ActiveAttempt | undefined;

  constructor(upstream: UpstreamState, begunAt: number, ledger: Ledger) {
    this.upstream = upstream;
    this.begunAt = begunAt;
    this.#ledger = ledger;
    const first = upstream.waiting;
    this.#next = first;
    if (first !== undefined) first.#previous = this;
    upstream.waiting = this;
  }

  responded(status: number): void {
    if (this.stage !== "waiting") return;
    this.#unlink();
    this.stage = "answered";
    this.#ledger.answered(this, status);
  }

  end(): void {
    if (this.stage === "over") return;
    if (this.stage === "waiting") this.#unlink();
    this.stage = "over";
    this.#ledger.ended(this);
  }

  fail(failure: AttemptFailure): void {
    if (this.stage === "over") return;
    if (this.stage === "waiting") this.#unlink();
    this.stage = "over";
    this.#ledger.failed(this, failure);
  }

  /** Tells every attempt that waits for this upstream's answer that none will come. */
  static loseAll(upstream: UpstreamState): void {
    const lost: ActiveAttempt[] = [];
    for (let attempt = upstream.waiting; attempt !== undefined; attempt = attempt.#next) lost.push(attempt);
    for (const attempt of lost) attempt.onLost?.();
  }

  #unlink(): void {
    if (this.#previous === undefined) this.upstream.waiting = this.#next;
    else this.#previous.#next = this.#next;
    if (this.#next !== undefined) this.#next.#previous = this.#previous;
    this.#next = this.#previous = undefined;
  }
}
