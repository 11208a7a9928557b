import type { Connection } from "../http1/connection.ts";
import { type Frame, HEADER_LENGTH, putHeader } from "./frame.ts";

/** What a queue begins with, and goes back to after it was longer. */
const USUAL_SIZE = 65_536;

/** Told how sending goes. */
export interface SendQueueEvents {
  /** All that was queued before was handed to the connection. */
  onSent(): void;
  onFailed(cause: unknown): void;
}

/**
 * What is to be sent on a connection. Everything said in one turn of the event loop goes out in one write, and while one is
 * under way, what is said meanwhile gathers for the next: the busier the process, the fewer its system calls.
 */
export class SendQueue {
  readonly #connection: Connection;
  readonly #events: SendQueueEvents;
  #filling = new Uint8Array(USUAL_SIZE);
  #filled = 0;
  /** What the write under way is from, and afterwards the next to be filled. */
  #spare = new Uint8Array(USUAL_SIZE);
  #left: Uint8Array = this.#spare.subarray(0, 0);
  #state: "idle" | "due" | "writing" | "stopped" = "idle";

  constructor(connection: Connection, events: SendQueueEvents) {
    this.#connection = connection;
    this.#events = events;
  }

  /** Octets that wait, without those being written. */
  get size(): number {
    return this.#filled;
  }

  /** Whether all was handed to the connection. */
  get empty(): boolean {
    return this.#state === "stopped" || (this.#state === "idle" && this.#filled === 0);
  }

  /** Queues a frame with these octets behind its header. */
  put(frame: Frame, octets?: Uint8Array): void {
    if (this.#state === "stopped") return;
    const end = this.#filled + HEADER_LENGTH + (octets?.length ?? 0);
    if (end > this.#filling.length) this.#grow(end);
    putHeader(this.#filling, this.#filled, frame);
    if (octets !== undefined) this.#filling.set(octets, this.#filled + HEADER_LENGTH);
    this.#filled = end;
    this.#schedule();
  }

  /** Sends nothing more. */
  stop(): void {
    this.#state = "stopped";
  }

  #schedule(): void {
    if (this.#state !== "idle") return;
    this.#state = "due";
    queueMicrotask(this.#flush);
  }

  #grow(octets: number): void {
    const grown = new Uint8Array(Math.max(octets, this.#filling.length * 2));
    grown.set(this.#filling.subarray(0, this.#filled));
    this.#filling = grown;
  }

  readonly #flush = (): void => {
    if (this.#state !== "due") return;
    this.#state = "writing";
    const writing = this.#filling;
    this.#left = writing.subarray(0, this.#filled);
    this.#filling = this.#spare.length > USUAL_SIZE ? new Uint8Array(USUAL_SIZE) : this.#spare;
    this.#spare = writing;
    this.#filled = 0;
    this.#connection.write(this.#left).then(this.#onWritten, this.#onFailed);
  };

  readonly #onWritten = (count: number): void => {
    if (this.#state === "stopped") return;
    if (count < this.#left.length) {
      this.#left = this.#left.subarray(count);
      this.#connection.write(this.#left).then(this.#onWritten, this.#onFailed);
      return;
    }
    this.#state = "idle";
    this.#events.onSent();
    if (this.#filled > 0) this.#schedule();
  };

  readonly #onFailed = (cause: unknown): void => {
    if (this.#state === "stopped") return;
    this.#state = "stopped";
    this.#events.onFailed(cause);
  };
}
