import type { Deadlines, Timed } from "../http1/deadlines.ts";
import { YamuxError } from "./yamux_error.ts";

/** How {@linkcode KeepAlive} finds out whether the other side lives. */
export interface KeepAliveOptions {
  readonly deadlines: Deadlines;
  /** Milliseconds without an octet from the other side until it is asked. */
  readonly interval: number;
  /** Milliseconds that it has for its answer. */
  readonly timeout: number;
  /** Sends a ping. */
  ping(token: number): void;
  /** The other side did not answer in time. */
  onSilence(): void;
}

/** Asks the other side of a session whether it lives, when nothing was heard of it for a while. */
export class KeepAlive implements Timed {
  deadline: number;
  readonly #options: KeepAliveOptions;
  #heardAt: number;
  /** The token of the last ping, and whether its answer is awaited. */
  #token = 0;
  #awaited = false;

  constructor(options: KeepAliveOptions) {
    const { deadlines, interval } = options;
    this.#options = options;
    deadlines.watch(this);
    this.#heardAt = deadlines.now;
    this.deadline = this.#heardAt + interval;
  }

  /** Something came from the other side. */
  heard(): void {
    this.#heardAt = this.#options.deadlines.now;
  }

  /** Asks now. */
  ask(): void {
    const { deadlines, timeout } = this.#options;
    this.#awaited = true;
    this.deadline = deadlines.now + timeout;
    this.#options.ping(++this.#token);
  }

  /**
   * An answer came; tells whether it is that to the last question.
   *
   * @throws {YamuxError} `protocol` when there was no such question
   */
  answered(token: number): boolean {
    if (token > this.#token) throw new YamuxError("protocol", "A ping is answered that was not sent");
    if (token < this.#token) return false;
    this.#awaited = false;
    return true;
  }

  expire(): void {
    const { deadlines: { now }, interval } = this.#options;
    if (now - this.#heardAt < interval) this.deadline = this.#heardAt + interval;
    else if (this.#awaited) this.#options.onSilence();
    else this.ask();
  }

  /** Asks no more. */
  stop(): void {
    this.#options.deadlines.unwatch(this);
  }
}
