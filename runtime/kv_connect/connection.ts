import type { Clock } from "../clock.ts";
import { type ResponseHead, ResponseReader, type ResponseSink } from "./response_reader.ts";

/** Where a server listens. */
export interface Address {
  readonly hostname: string;
  readonly port: number;
}

/** A whole answer. */
export interface Answer {
  readonly head: ResponseHead;
  readonly content: Uint8Array;
}

/** The server cannot have done what was asked for: all or a part of the request was never sent. */
export class NotSentError extends Error {
  override readonly name = "NotSentError";
}

/** The connection ended before the answer was whole: nobody knows whether the request was done. */
export class ConnectionLostError extends Error {
  override readonly name = "ConnectionLostError";
}

/** Opens a connection of the system, as `Deno.connect` does. */
export type Connect = (address: Address) => Promise<Deno.TcpConn>;

/** How a {@linkcode Connection} is opened. */
export interface OpenOptions {
  readonly connect: Connect;
  /** Milliseconds that it may take. */
  readonly connectTimeout: number;
  readonly clock: Clock;
  /** Called once, when the connection has ended for whatever reason. */
  readonly onEnd: (connection: Connection) => void;
}

const EMPTY = new Uint8Array();
const READ_BYTES = 32_768;
/** Bytes of an answer at most: a read has 1,000 entries, each with a key and a value of 65,536 bytes. */
const MAX_ANSWER = 80 * 1024 * 1024;

/**
 * A connection over which requests go one after another, each in one piece. Somebody always reads from it, so that the
 * server's end of it is seen at once and no request is sent into a connection that is gone.
 */
export class Connection implements Disposable {
  readonly #conn: Deno.TcpConn;
  readonly #onEnd: (connection: Connection) => void;
  readonly #reader: ResponseReader;
  #sink: ResponseSink | undefined;
  #fail: ((error: Error) => void) | undefined;
  #open = true;
  #sending = false;

  private constructor(conn: Deno.TcpConn, onEnd: (connection: Connection) => void) {
    this.#conn = conn;
    this.#onEnd = onEnd;
    this.#reader = new ResponseReader({
      head: (head) => this.#expected.head(head),
      content: (bytes) => this.#expected.content(bytes),
      end: () => this.#expected.end(),
    });
    conn.setNoDelay();
    conn.unref();
    void this.#receive();
  }

  /** @throws {NotSentError} when the server cannot be reached in time */
  static async open(address: Address, options: OpenOptions): Promise<Connection> {
    const { onEnd } = options;
    try {
      return new Connection(await connectInTime(address, options), onEnd);
    } catch (cause) {
      throw new NotSentError(`failed to connect to ${address.hostname}:${address.port}`, { cause });
    }
  }

  /** Whether it may be used, again. */
  get open(): boolean {
    return this.#open;
  }

  /**
   * Sends a request and gives its answer.
   *
   * Rejects with a {@linkcode NotSentError} when it was not sent, and with a {@linkcode ConnectionLostError} when there was
   * no whole answer.
   */
  exchange(request: Uint8Array): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const collector = new AnswerCollector((answer) => {
      this.#settle(answer.head);
      resolve(answer);
    });
    this.#send(request, collector, reject);
    return promise;
  }

  /**
   * Sends a request whose answer is taken as it comes; the connection is then of no use for another.
   *
   * @param onEnd told why, when the connection ended
   */
  stream(request: Uint8Array, sink: ResponseSink, onEnd: (error: Error) => void): void {
    this.#send(request, sink, onEnd);
  }

  /** Ends it. Who waits for an answer gets a {@linkcode ConnectionLostError} with this cause. */
  close(cause?: unknown): void {
    this.#end(new ConnectionLostError("The connection to the KV server ended before its answer", { cause }));
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #send(request: Uint8Array, sink: ResponseSink, fail: (error: Error) => void): void {
    if (!this.#open) return fail(new NotSentError("The connection to the KV server has ended"));
    this.#sink = sink;
    this.#fail = fail;
    this.#conn.ref();
    this.#write(request).catch((cause) => {
      this.#end(new NotSentError("A request could not be sent to the KV server", { cause }));
    });
  }

  async #write(request: Uint8Array): Promise<void> {
    this.#sending = true;
    for (let sent = 0; sent < request.length;) sent += await this.#conn.write(request.subarray(sent));
    this.#sending = false;
  }

  /** An answer that came before the request was sent leaves a rest of the request behind. */
  #settle({ reusable }: ResponseHead): void {
    this.#sink = undefined;
    this.#fail = undefined;
    if (reusable && !this.#sending) this.#conn.unref();
    else this.close();
  }

  #end(error: Error): void {
    if (!this.#open) return;
    this.#open = false;
    this.#conn.close();
    this.#fail?.(error);
    this.#fail = undefined;
    this.#onEnd(this);
  }

  async #receive(): Promise<void> {
    const buffer = new Uint8Array(READ_BYTES);
    try {
      for (;;) {
        const count = await this.#conn.read(buffer);
        if (count === null) return this.close();
        this.#reader.push(buffer.subarray(0, count));
      }
    } catch (error) {
      this.close(error);
    }
  }

  get #expected(): ResponseSink {
    if (this.#sink === undefined) throw new ConnectionLostError("The KV server answers what nobody asked");
    return this.#sink;
  }
}

/** What comes too late is closed. */
async function connectInTime(address: Address, options: OpenOptions): Promise<Deno.TcpConn> {
  const { connect, connectTimeout, clock } = options;
  const { promise: late, reject } = Promise.withResolvers<never>();
  let waiting = true;
  const giveUp = () => reject(new Error(`Nobody answered within ${connectTimeout} ms`));
  using _timer = clock.setTimeout(giveUp, connectTimeout);
  const connecting = connect(address);
  connecting.then((conn) => waiting || conn.close(), () => {});
  try {
    return await Promise.race([connecting, late]);
  } finally {
    waiting = false;
  }
}

/** Puts an answer together. */
class AnswerCollector implements ResponseSink {
  readonly #onEnd: (answer: Answer) => void;
  #head: ResponseHead | undefined;
  #content: Uint8Array = EMPTY;
  #size = 0;

  constructor(onEnd: (answer: Answer) => void) {
    this.#onEnd = onEnd;
  }

  head(head: ResponseHead): void {
    this.#head = head;
    if (head.length === "chunked") return;
    if (head.length > MAX_ANSWER) throw new ConnectionLostError("An answer is too long");
    this.#content = new Uint8Array(head.length);
  }

  content(bytes: Uint8Array): void {
    const size = this.#size + bytes.length;
    if (size > MAX_ANSWER) throw new ConnectionLostError("An answer is too long");
    if (size > this.#content.length) {
      const larger = new Uint8Array(2 * size);
      larger.set(this.#content.subarray(0, this.#size));
      this.#content = larger;
    }
    this.#content.set(bytes, this.#size);
    this.#size = size;
  }

  end(): void {
    if (this.#head !== undefined) {
      this.#onEnd({ head: this.#head, content: this.#content.subarray(0, this.#size) });
    }
  }
}
