import type { Timer } from "@flotilla/runtime";
import type { Waiter } from "./admission.ts";
import type { Attempt, Begun, NoUpstream, NoUpstreamReason, Queued } from "./attempt.ts";
import type { UpstreamState } from "./upstream_state.ts";

/** How a wait ends. */
export interface QueuedActions {
  /** Begins anew: here, now that there is room, or elsewhere. */
  begin(): Begun;
  refuse(reason: NoUpstreamReason): NoUpstream;
}

/** A request's place in an upstream's queue. */
export class QueuedAttempt implements Queued, Waiter {
  readonly kind = "queued";
  readonly upstream: UpstreamState;
  readonly admitted: Promise<Attempt | NoUpstream>;
  timer: Timer | undefined;
  readonly #actions: QueuedActions;
  readonly #settle: (outcome: Attempt | NoUpstream | Promise<Attempt | NoUpstream>) => void;
  /** Where it waits now, if it was sent on. */
  #elsewhere: Queued | undefined;

  constructor(upstream: UpstreamState, actions: QueuedActions) {
    this.upstream = upstream;
    this.#actions = actions;
    const { promise, resolve } = Promise.withResolvers<Attempt | NoUpstream>();
    this.admitted = promise;
    this.#settle = resolve;
  }

  admit(): void {
    const begun = this.#actions.begin();
    if (begun.kind !== "queued") return this.#settle(begun);
    this.#elsewhere = begun;
    this.#settle(begun.admitted);
  }

  cancel(): void {
    if (this.#elsewhere === undefined) this.leave("cancelled");
    else this.#elsewhere.cancel();
  }

  /** Gives the place up, if it is still held. */
  leave(reason: NoUpstreamReason): void {
    if (this.upstream.queue.remove(this)) this.#settle(this.#actions.refuse(reason));
  }
}
