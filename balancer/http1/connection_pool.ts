import { lacksSocket } from "../no_socket.ts";
import type { Upstream } from "../upstream.ts";
import type { Connection } from "./connection.ts";
import { Deadlines } from "./deadlines.ts";
import { type HeadLimits, type HeadLimitsOptions, readHeadLimits } from "./head_limits.ts";
import { UpstreamConnection } from "./upstream_connection.ts";

/** Opens a connection to an upstream; rejects when it cannot. */
export type Dial = (upstream: Upstream) => Promise<Connection>;

/** How a {@linkcode ConnectionPool} is set up. */
export interface ConnectionPoolOptions {
  /** @default {@linkcode dial} */
  dial: Dial;
  /**
   * Milliseconds that a connection is kept without use. Shorter than the 5 s after which Node, the most hasty of the usual
   * servers, closes one: who closes first never finds it stale.
   *
   * @default 4_000
   */
  idleTimeout?: number;
  /**
   * Connections kept without use for one upstream, for as long as {@linkcode idleTimeout}: what is in use at once goes through nearly
   * without dialling, and holds 16 MB of buffers at most.
   *
   * @default 1_024
   */
  maxIdle?: number;
  /** Limits on the heads of answers. @default those of {@linkcode HeadLimitsOptions} */
  limits?: HeadLimitsOptions;
  /** @default a timer of its own */
  deadlines?: Deadlines;
}

/** How taking a connection ended. */
export type Dialled =
  | { readonly kind: "connected"; readonly connection: UpstreamConnection }
  | { readonly kind: "connect_refused" | "no_socket"; readonly cause: unknown }
  | { readonly kind: "connect_timeout" };

/**
 * Connections to upstreams that wait for their next request, the latest used first, so that the rest can grow old and be closed.
 * Each one is read from while it waits: when its upstream closes it, or says something without being asked, it leaves the pool.
 */
export class ConnectionPool implements Disposable {
  /** Opened since the start. */
  opened = 0;
  /** Requests that went over a connection used before. */
  reused = 0;
  /** Connections that left the pool because their upstream had closed them. */
  stale = 0;
  readonly #dial: Dial;
  readonly #idleTimeout: number;
  readonly #maxIdle: number;
  readonly #limits: HeadLimits;
  readonly #idle = new Map<string, UpstreamConnection[]>();
  #closed = false;
  readonly deadlines: Deadlines;

  /** @throws {RangeError} when a number is out of range */
  constructor(options: ConnectionPoolOptions) {
    const { dial, idleTimeout = 4_000, maxIdle = 1_024, limits, deadlines = new Deadlines() } = options;
    if (!(idleTimeout > 0)) {
      throw new RangeError(`Cannot pool connections: idleTimeout must be above 0 ms, got ${idleTimeout}`);
    }
    if (!Number.isSafeInteger(maxIdle) || maxIdle < 0) {
      throw new RangeError(
        `Cannot pool connections: maxIdle must be an integer of 0 or more, got ${maxIdle}`,
      );
    }
    this.#dial = dial;
    this.#idleTimeout = idleTimeout;
    this.#maxIdle = maxIdle;
    this.#limits = readHeadLimits(limits);
    this.deadlines = deadlines;
  }

  /** Connections that wait, over all upstreams. */
  get idle(): number {
    let idle = 0;
    for (const stack of this.#idle.values()) idle += stack.length;
    return idle;
  }

  /** A connection that waits for this upstream's next request; `undefined` when there is none. */
  take(upstream: Upstream): UpstreamConnection | undefined {
    const connection = this.#idle.get(upstream.id)?.pop();
    if (connection !== undefined) this.reused++;
    return connection;
  }

  /** Opens a connection. */
  async connect(upstream: Upstream, timeout: number): Promise<Dialled> {
    const timer = { deadline: this.deadlines.now + timeout, expire: () => {} };
    const dialled = this.#dial(upstream);
    const late = new Promise<undefined>((resolve) => timer.expire = () => resolve(undefined));
    this.deadlines.watch(timer);
    try {
      const opened = await Promise.race([dialled, late]);
      if (opened === undefined) {
        void dialled.then((connection) => connection.close(), () => {});
        return { kind: "connect_timeout" };
      }
      this.opened++;
      const connection = new UpstreamConnection(opened, { upstreamId: upstream.id, limits: this.#limits });
      this.deadlines.watch(connection.wire);
      return { kind: "connected", connection };
    } catch (cause) {
      return { kind: lacksSocket(cause) ? "no_socket" : "connect_refused", cause };
    } finally {
      this.deadlines.unwatch(timer);
    }
  }

  /** Takes back a connection whose last answer is complete and which may be used again. */
  put(connection: UpstreamConnection): void {
    const { wire } = connection;
    let stack = this.#idle.get(connection.upstreamId);
    if (stack === undefined) this.#idle.set(connection.upstreamId, stack = []);
    if (this.#closed || stack.length >= this.#maxIdle || !wire.open || wire.available > 0) {
      return this.discard(connection);
    }
    connection.reused = true;
    wire.shrink();
    wire.watch();
    wire.deadline = this.deadlines.now + this.#idleTimeout;
    wire.onReadable = wire.onEnd = wire.onExpire = connection.onIdleEnd ?? this.#setIdleEnd(connection);
    stack.push(connection);
  }

  /** Closes a connection that is not to be used again. */
  discard(connection: UpstreamConnection): void {
    connection.wire.onReadable = connection.wire.onEnd = connection.wire.onExpire = undefined;
    this.deadlines.unwatch(connection.wire);
    connection.wire.cut();
  }

  /** Closes what waits for an upstream that is no longer one. */
  forget(upstreamId: string): void {
    for (const connection of this.#idle.get(upstreamId)?.splice(0) ?? []) this.discard(connection);
    this.#idle.delete(upstreamId);
  }

  /** Closes what waits; what is in use is closed when it comes back. */
  [Symbol.dispose](): void {
    this.#closed = true;
    for (const upstreamId of [...this.#idle.keys()]) this.forget(upstreamId);
  }

  #setIdleEnd(connection: UpstreamConnection): () => void {
    return connection.onIdleEnd = () => this.#remove(connection);
  }

  #remove(connection: UpstreamConnection): void {
    const stack = this.#idle.get(connection.upstreamId);
    const index = stack?.indexOf(connection) ?? -1;
    if (index !== -1) stack?.splice(index, 1);
    if (!connection.wire.open) this.stale++;
    this.discard(connection);
  }
}
