import { getLogger } from "@logtape/logtape";
import type { Connection } from "./connection.ts";
import type { Deadlines } from "./deadlines.ts";

/** A connection that was accepted. */
export type AcceptedConnection = Connection & { readonly remoteAddr?: Deno.Addr };

/** Where connections of clients come from: `Deno.Listener` is one. */
export interface ConnectionSource {
  accept(): Promise<AcceptedConnection>;
  close(): void;
  readonly addr: Deno.Addr;
}

/** What an {@linkcode Acceptor} works with. */
export interface AcceptorOptions {
  readonly deadlines: Deadlines;
  /** Whether one more connection may be had. */
  hasRoom(): boolean;
  onConnection(connection: AcceptedConnection): void;
}

const LOGGER = getLogger(["flotilla", "balancer"]);
/** Milliseconds until the next try after a connection could not be accepted. */
const PAUSE = 1_000;
/**
 * Connections accepted one behind the other, which takes a millisecond; then it is the turn of those that are open. While some wait to be
 * accepted nothing else would have a turn, and a flood of new clients would keep the others waiting.
 */
const BURST = 32;

/** Accepts the connections of one source. */
export class Acceptor {
  readonly #source: ConnectionSource;
  readonly #options: AcceptorOptions;
  #stopped = false;
  #onRoom: (() => void) | undefined;

  constructor(source: ConnectionSource, options: AcceptorOptions) {
    this.#source = source;
    this.#options = options;
  }

  /** Accepts until it is stopped, or the source is closed. */
  async run(): Promise<void> {
    for (let accepted = 0; !this.#stopped;) {
      if (!this.#options.hasRoom()) {
        await this.#room();
        continue;
      }
      const connection = await this.#accept();
      if (connection === "closed") break;
      if (connection === "failed") continue;
      this.#options.onConnection(connection);
      if (++accepted % BURST === 0) await turnOfOthers();
    }
  }

  /** Accepts nothing more. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#source.close();
    this.roomMade();
  }

  /** A connection has closed. */
  roomMade(): void {
    this.#onRoom?.();
  }

  async #accept(): Promise<AcceptedConnection | "closed" | "failed"> {
    try {
      return await this.#source.accept();
    } catch (error) {
      if (this.#stopped || isClosed(error)) return "closed";
      if (!(error instanceof Deno.errors.ConnectionAborted)) await this.#recover(error);
      return "failed";
    }
  }

  /** For want of descriptors every try would fail at once: waits until a connection has closed, or for a while. */
  async #recover(error: unknown): Promise<void> {
    const { deadlines } = this.#options;
    const timer = { deadline: deadlines.now + PAUSE, expire: () => this.roomMade() };
    LOGGER.error("No connection can be accepted: {reason}", { reason: String(error) });
    deadlines.watch(timer);
    await this.#room();
    deadlines.unwatch(timer);
  }

  #room(): Promise<void> {
    return new Promise((resolve) => this.#onRoom = resolve);
  }
}

/** Deno looks after its sockets before it runs a timer; `setImmediate` it runs without. */
function turnOfOthers(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Whether accepting failed because the listener was closed. */
function isClosed(error: unknown): boolean {
  return error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted;
}
