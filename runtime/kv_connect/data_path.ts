import { type Clock, sleep, systemClock } from "../clock.ts";
import { beginClientSpan } from "../tracing.ts";
import { type Answer, type Connection, ConnectionLostError, NotSentError } from "./connection.ts";
import { ConnectionPool, type ConnectionPoolOptions } from "./connection_pool.ts";
import { addressOf, Endpoint, type Operation } from "./endpoint.ts";
import { KvOutcomeUnknownError, KvRefusedError, KvUnavailableError } from "./kv_errors.ts";
import { DisabledError, type Message } from "./messages.ts";
import type { Metadata } from "./metadata.ts";
import type { ResponseSink } from "./response_reader.ts";

/** How a {@linkcode DataPath} waits. */
export interface DataPathOptions extends ConnectionPoolOptions {
  /**
   * Milliseconds that an operation waits for a server which is away or cannot do it now. After that nothing is sent for it:
   * it is less than the deadline of `withDeadline`, so that no write comes when its caller has given up. @default 1_800
   */
  patience?: number;
}

/** Milliseconds before an operation is tried again for the first time, and at most. */
const [FIRST_PAUSE, LONGEST_PAUSE] = [20, 200];

/** The server cannot do it now. */
class TemporaryError extends Error {
  override readonly name = "TemporaryError";
  /** Whether the server has said that nothing was done, so that the same may be asked for later. */
  readonly nothingDone: boolean;

  constructor(status: number, text: string, nothingDone: boolean) {
    super(`The KV server answered ${status}: ${text}`);
    this.nothingDone = nothingDone;
  }
}

/** The server does not take the token, which may have been given for a time that is over. */
class UnauthorizedError extends KvRefusedError {}

/** How an operation is called. */
export interface CallOptions<T> {
  /** Makes of the answer's content what the caller gets. */
  readonly read: (content: Uint8Array) => T;
  /** The `traceparent` of who asks, when its trace is recorded. */
  readonly parent: string | undefined;
}

/**
 * Calls the operations of a database, and again where that is safe: a read until there is an answer, a write only when it
 * is known that nothing of it was done.
 */
export class DataPath implements Disposable {
  readonly #exchange: () => Promise<Metadata>;
  readonly #options: DataPathOptions;
  readonly #clock: Clock;
  readonly #patience: number;
  /** By address: whatever listens there, and under whatever token. */
  readonly #pools = new Map<string, ConnectionPool>();
  #endpoint: Endpoint | undefined;
  #learning: Promise<Endpoint> | undefined;
  readonly #closing = new AbortController();

  /** @param exchange learns where the database is, when that is not known or does not hold any more */
  constructor(metadata: Metadata, exchange: () => Promise<Metadata>, options: DataPathOptions = {}) {
    this.#exchange = exchange;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#patience = options.patience ?? 1_800;
    this.#endpoint = this.#endpointOf(metadata);
  }

  /** Whether it was disposed of. */
  get closed(): boolean {
    return this.#closing.signal.aborted;
  }

  /**
   * Asks for an operation.
   *
   * @throws {KvRefusedError} when the server refuses
   * @throws {KvUnavailableError} when it is away, or cannot do it, for too long
   * @throws {KvOutcomeUnknownError} when it is not known whether a write was done
   */
  async call<T>(operation: Operation, message: Message, { read, parent }: CallOptions<T>): Promise<T> {
    const span = parent === undefined ? undefined : beginClientSpan({ name: operation, parent });
    const traceparent = span?.traceparent;
    try {
      const result = await this.#persist(operation, async (endpoint, sendBy) => {
        return read(contentOf(await endpoint.call(operation, message, { traceparent, sendBy })));
      });
      span?.end({});
      return result;
    } catch (error) {
      span?.end({ "error.type": error instanceof Error ? error.name : "unknown" });
      throw error;
    }
  }

  /**
   * Begins a watch, whose answer is taken as it comes.
   *
   * @param onEnd told why, when its connection ended
   * @throws {KvRefusedError} when the metadata exchange is refused
   * @throws {KvUnavailableError} when the server is away for too long
   */
  async stream(message: Message, sink: ResponseSink, onEnd: (error: Error) => void): Promise<Connection> {
    return await this.#persist("watch", (endpoint) => endpoint.stream(message, sink, onEnd));
  }

  /** Ends what is under way. */
  [Symbol.dispose](): void {
    this.#closing.abort(new Deno.errors.BadResource("The KV database is closed"));
    for (const pool of this.#pools.values()) pool[Symbol.dispose]();
  }

  async #persist<T>(
    operation: Operation,
    attempt: (endpoint: Endpoint, until: number) => Promise<T>,
  ): Promise<T> {
    const until = this.#clock.now() + this.#patience;
    for (let failures = 1, pause = FIRST_PAUSE;; failures++, pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      let endpoint: Endpoint | undefined;
      try {
        endpoint = this.#current() ?? await this.#learn();
        return await attempt(endpoint, until);
      } catch (error) {
        if (this.closed) throw this.#closing.signal.reason;
        if (meansAnotherServer(error) && this.#endpoint === endpoint) this.#endpoint = undefined;
        const final = finalError(error, operation, failures);
        if (final !== undefined) throw final;
        if (this.#clock.now() + pause > until) throw unavailable(error);
        await sleep(pause, { clock: this.#clock, signal: this.#closing.signal });
      }
    }
  }

  #current(): Endpoint | undefined {
    if (this.closed) throw this.#closing.signal.reason;
    return this.#endpoint?.expired(this.#clock.now()) ? undefined : this.#endpoint;
  }

  /** All who want to know wait for one exchange. */
  #learn(): Promise<Endpoint> {
    return this.#learning ??= this.#exchange()
      .then((metadata) => this.#endpoint = this.#endpointOf(metadata))
      .finally(() => this.#learning = undefined);
  }

  #endpointOf(metadata: Metadata): Endpoint {
    const address = addressOf(metadata);
    const name = `${address.hostname}:${address.port}`;
    const pool = this.#pools.get(name) ?? new ConnectionPool(address, this.#options);
    this.#pools.set(name, pool);
    return new Endpoint(metadata, pool);
  }
}

/** Whether it may be another server than the one that was asked what it is, or one that has changed. */
function meansAnotherServer(error: unknown): boolean {
  return error instanceof ConnectionLostError || error instanceof NotSentError ||
    error instanceof DisabledError || error instanceof UnauthorizedError;
}

/** What the caller is to get for a failure, or `undefined` where the same may be asked for again. */
function finalError(error: unknown, operation: Operation, failures: number): unknown {
  if (error instanceof UnauthorizedError) return failures === 1 ? undefined : error;
  const nothingDone = error instanceof NotSentError || error instanceof DisabledError ||
    error instanceof KvUnavailableError || (error instanceof TemporaryError && error.nothingDone);
  if (nothingDone) return undefined;
  if (!(error instanceof ConnectionLostError || error instanceof TemporaryError)) return error;
  if (operation !== "atomic_write") return undefined;
  return new KvOutcomeUnknownError("The KV server was lost in a write, which may have been done", {
    cause: error,
  });
}

function unavailable(error: unknown): KvUnavailableError {
  if (error instanceof KvUnavailableError) return error;
  return new KvUnavailableError("The KV server is away, or cannot do it now", { cause: error });
}

/** @throws {KvRefusedError} or a {@linkcode TemporaryError} when the answer is none */
function contentOf({ head, content }: Answer): Uint8Array {
  const { status, retryLater } = head;
  if (status === 200) return content;
  const text = new TextDecoder().decode(content).trim();
  if (status >= 500) throw new TemporaryError(status, text, retryLater);
  throw status === 401 || status === 403
    ? new UnauthorizedError(status, text)
    : new KvRefusedError(status, text);
}
