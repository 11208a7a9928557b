import { type Clock, systemClock, type Timer } from "../clock.ts";
import { type Address, type Answer, type Connect, Connection, NotSentError } from "./connection.ts";
import type { ResponseSink } from "./response_reader.ts";

/** How a {@linkcode ConnectionPool} keeps connections. */
export interface ConnectionPoolOptions {
  /** Requests under way at once; more wait for their turn. @default 128 */
  maxConnections?: number;
  /** Milliseconds for an answer, after which its connection is given up. @default 10_000 */
  answerTimeout?: number;
  /** Milliseconds that a connection may lie idle: servers close those by themselves some day. @default 30_000 */
  idleTimeout?: number;
  /** Milliseconds for a connection to be opened. @default 2_000 */
  connectTimeout?: number;
  /** @default `Deno.connect` */
  connect?: Connect;
  /** @default {@linkcode systemClock} */
  clock?: Clock;
}

/** Milliseconds between two looks at what is idle or late. */
const LOOK_INTERVAL = 1_000;

/** Connections to one server. */
export class ConnectionPool implements Disposable {
  readonly #address: Address;
  readonly #options: Required<ConnectionPoolOptions>;
  /** The one used last is used next, so that those which are not needed age. */
  readonly #idle: Connection[] = [];
  /** Since when each connection is idle, or busy. */
  readonly #since = new Map<Connection, number>();
  readonly #streams = new Set<Connection>();
  readonly #waiting: (() => void)[] = [];
  #size = 0;
  #look: Timer | undefined;
  #closed = false;

  constructor(address: Address, options: ConnectionPoolOptions = {}) {
    const { maxConnections = 128, answerTimeout = 10_000, idleTimeout = 30_000 } = options;
    const { connectTimeout = 2_000, connect = (address) => Deno.connect(address), clock = systemClock } =
      options;
    this.#address = address;
    this.#options = { maxConnections, answerTimeout, idleTimeout, connectTimeout, connect, clock };
  }

  /**
   * Sends a request over a connection that is free, or becomes so.
   *
   * @param sendBy milliseconds since the epoch, after which it is not sent any more
   * @throws {NotSentError} when it was not sent
   * @throws {ConnectionLostError} when there was no whole answer
   */
  async exchange(request: Uint8Array, sendBy: number): Promise<Answer> {
    const connection = this.#idle.pop() ?? await this.#acquire();
    const now = this.#options.clock.now();
    this.#since.set(connection, now);
    try {
      if (now > sendBy) throw new NotSentError("A request waited too long for a connection to the KV server");
      return await connection.exchange(request);
    } finally {
      this.#release(connection);
    }
  }

  /**
   * Sends a request over a connection of its own, to take its answer as it comes.
   *
   * @param onEnd told why, when the connection ended
   * @throws {NotSentError} when the server cannot be reached
   */
  async stream(request: Uint8Array, sink: ResponseSink, onEnd: (error: Error) => void): Promise<Connection> {
    const connection = await this.#connect((ended) => this.#streams.delete(ended));
    this.#streams.add(connection);
    connection.stream(request, sink, onEnd);
    return connection;
  }

  /** Ends all connections, those that are in use too. */
  [Symbol.dispose](): void {
    this.#closed = true;
    this.#look?.cancel();
    for (const connection of [...this.#since.keys(), ...this.#streams]) connection.close();
    for (const proceed of this.#waiting.splice(0)) proceed();
  }

  async #acquire(): Promise<Connection> {
    while (this.#size >= this.#options.maxConnections && !this.#closed) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
      const idle = this.#idle.pop();
      if (idle !== undefined) return idle;
    }
    this.#size++;
    try {
      return await this.#connect((ended) => this.#forget(ended));
    } catch (error) {
      this.#size--;
      this.#waiting.shift()?.();
      throw error;
    }
  }

  async #connect(onEnd: (connection: Connection) => void): Promise<Connection> {
    if (this.#closed) throw new NotSentError("The connections to the KV server are closed");
    const connection = await Connection.open(this.#address, { ...this.#options, onEnd });
    if (this.#closed) connection.close();
    this.#lookLater();
    return connection;
  }

  #release(connection: Connection): void {
    if (connection.open) {
      this.#since.set(connection, this.#options.clock.now());
      this.#idle.push(connection);
    }
    this.#waiting.shift()?.();
  }

  #forget(connection: Connection): void {
    this.#since.delete(connection);
    this.#size--;
    const index = this.#idle.indexOf(connection);
    if (index !== -1) this.#idle.splice(index, 1);
  }

  #lookLater(): void {
    if (this.#look !== undefined || this.#closed) return;
    this.#look = this.#options.clock.setTimeout(
      () => {
        this.#look = undefined;
        this.#closeOld();
        if (this.#since.size > 0) this.#lookLater();
      },
      LOOK_INTERVAL,
      { background: true },
    );
  }

  #closeOld(): void {
    const { clock, answerTimeout, idleTimeout } = this.#options;
    const now = clock.now();
    for (const [connection, since] of this.#since) {
      const idle = this.#idle.includes(connection);
      if (now - since < (idle ? idleTimeout : answerTimeout)) continue;
      connection.close(idle ? undefined : new Error(`There was no answer within ${answerTimeout} ms`));
    }
  }
}
