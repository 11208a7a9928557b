import { AttemptError, failureOf } from "../failure.ts";
import type { SendOptions, Transport, UpstreamRequest } from "../transports/transport.ts";
import { frameAnswer } from "./answer_framing.ts";
import { BodyFraming } from "./body_framing.ts";
import { ConnectionPool, type Dial } from "./connection_pool.ts";
import type { HeadLimitsOptions } from "./head_limits.ts";
import { MessageError } from "./message_error.ts";
import { fromLatin1 } from "./octets.ts";
import { RequestBodyWriter } from "./request_body_writer.ts";
import { dial as dialSocket } from "./sockets.ts";
import type { UpstreamConnection } from "./upstream_connection.ts";

/** How {@linkcode tcpTransport} sends. */
export interface TcpTransportOptions {
  /** Opens connections. @default Deno.connect, or Deno.connectTls where the upstream's origin is https */
  dial?: Dial;
  /** Milliseconds that a connection is kept without use. @default 4_000 */
  idleTimeout?: number;
  /** Connections kept without use for one upstream. @default 1_024 */
  maxIdle?: number;
  /** Limits on the heads of answers. */
  limits?: HeadLimitsOptions;
  /** Where connections wait, to share them with a listener. @default one of its own, set up by the options above */
  pool?: ConnectionPool;
}

/** Octets of an answer's body read at once. */
const PIECE = 65_536;

/**
 * Sends HTTP/1.1 over pooled connections of its own: strict in what it takes for an answer, nothing is decoded but the framing,
 * nothing sent twice that the caller did not ask to be. It needs `--allow-net`.
 */
export function tcpTransport(options: TcpTransportOptions = {}): Transport {
  const { pool = new ConnectionPool({ dial: dialSocket, ...options }) } = options;
  return {
    name: "tcp",
    async send(request, { upstream, signal, timeouts }: SendOptions) {
      if (signal.aborted) throw new AttemptError(failureOf(signal.reason));
      const pooled = pool.take(upstream);
      if (pooled !== undefined) return await new TcpExchange(pooled, pool, signal).run(request);
      const dialled = await pool.connect(upstream, timeouts.connect);
      if (dialled.kind !== "connected") throw new AttemptError(dialled);
      return await new TcpExchange(dialled.connection, pool, signal).run(request);
    },
    forget: ({ id }) => pool.forget(id),
    close: () => pool[Symbol.dispose](),
  };
}

/** One request and its answer on one connection. */
class TcpExchange {
  readonly #connection: UpstreamConnection;
  readonly #pool: ConnectionPool;
  readonly #signal: AbortSignal;
  readonly #answer = new BodyFraming();
  readonly #onAbort = () => this.#connection.abort(failureOf(this.#signal.reason).kind);
  #body: RequestBodyWriter | undefined;

  constructor(connection: UpstreamConnection, pool: ConnectionPool, signal: AbortSignal) {
    this.#connection = connection;
    this.#pool = pool;
    this.#signal = signal;
  }

  /** Sends the request; resolves when the head of the answer is there. */
  async run(request: UpstreamRequest): Promise<Response> {
    const { wire, head } = this.#connection;
    this.#connection.prepare();
    wire.deadline = Infinity;
    this.#signal.addEventListener("abort", this.#onAbort);
    if (this.#signal.aborted) this.#onAbort();
    const answering = wire.fill();
    const body = request.body === null
      ? undefined
      : new RequestBodyWriter(wire, request.body, request.headers);
    this.#body = body;
    void wire.write(requestHead(request, body)).then((written) => {
      if (written) void body?.run().then((failure) => failure && this.#connection.abort(failure));
    });
    try {
      if (!(await answering) || !(await this.#readHead())) throw new AttemptError(this.#failure(false));
      if (head.status === 101) throw new MessageError(400, "The answer is an upgrade that was not asked for");
      frameAnswer(this.#answer, head, request.method === "HEAD");
      return this.#response();
    } catch (thrown) {
      this.#over(false);
      if (thrown instanceof AttemptError) throw thrown;
      throw new AttemptError({ kind: "protocol_error", cause: thrown });
    }
  }

  async #readHead(): Promise<boolean> {
    const { wire, head } = this.#connection;
    for (;;) {
      while (!head.parse(wire.bytes, wire.start, wire.end)) {
        if (wire.full && wire.grow()) head.reset();
        if (!(await wire.fill())) return false;
      }
      if (!head.interim) return true;
      wire.start = head.end;
      head.reset();
    }
  }

  #response(): Response {
    const { wire, head } = this.#connection;
    const { status } = head;
    const headers = new Headers();
    for (const [name, value] of head.entries(wire.bytes)) {
      if (name.toLowerCase() !== "transfer-encoding") headers.append(name, value);
    }
    wire.start = head.end;
    if (this.#answer.complete || status === 205) {
      this.#over(this.#answer.complete);
      const bodiless = this.#answer.framing === "none" || status === 205;
      return new Response(bodiless ? null : new Uint8Array(0), { status, headers });
    }
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: (controller) => this.#pull(controller),
      cancel: () => this.#over(false),
    }, { highWaterMark: 0 });
    return new Response(body, { status, headers });
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>): Promise<void> {
    try {
      for (;;) {
        const data = await this.#piece();
        if (data !== undefined && data.length > 0) controller.enqueue(data);
        if (this.#answer.complete) {
          this.#over(true);
          return controller.close();
        }
        if (data === undefined) throw new AttemptError(this.#failure(true));
        if (data.length > 0) return;
      }
    } catch (thrown) {
      this.#over(false);
      controller.error(
        thrown instanceof AttemptError ? thrown : new AttemptError({ kind: "protocol_error", cause: thrown }),
      );
    }
  }

  /** The next piece of the body, which may be empty; `undefined` when the connection has ended. */
  async #piece(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const { wire } = this.#connection;
    const answer = this.#answer;
    let bytes: Uint8Array<ArrayBuffer>;
    if (wire.available > 0) {
      bytes = wire.bytes.slice(wire.start, wire.end);
      wire.start = wire.end;
    } else {
      bytes = new Uint8Array(Math.min(PIECE, answer.remaining));
      bytes = bytes.subarray(0, await wire.readInto(bytes));
    }
    if (bytes.length === 0) {
      if (wire.state.kind === "ended") answer.ended();
      return undefined;
    }
    if (answer.framing === "chunked") {
      const { data, end } = answer.dechunk(bytes, 0, bytes.length);
      this.#connection.surplus ||= end < bytes.length;
      return data;
    }
    const end = answer.consume(bytes, 0, bytes.length);
    this.#connection.surplus ||= end < bytes.length;
    return bytes.subarray(0, end);
  }

  #failure(answered: boolean) {
    const failure = this.#connection.failure(answered);
    if (failure.kind === "stale_connection") this.#pool.forget(this.#connection.upstreamId);
    return failure;
  }

  /** The exchange is over: the connection goes back to the pool, or is closed. */
  #over(whole: boolean): void {
    const connection = this.#connection;
    this.#signal.removeEventListener("abort", this.#onAbort);
    const sent = this.#body?.complete ?? true;
    this.#body?.stop();
    if (whole && sent && connection.mayBeUsedAgain(this.#answer)) this.#pool.put(connection);
    else this.#pool.discard(connection);
  }
}

const WITHOUT_BODY = new Set(["GET", "HEAD", "OPTIONS", "DELETE"]);

function requestHead(request: UpstreamRequest, body: RequestBodyWriter | undefined): Uint8Array<ArrayBuffer> {
  let text = `${request.method} ${request.target} HTTP/1.1\r\n`;
  for (const [name, value] of request.headers) {
    if (name !== "content-length" && name !== "transfer-encoding") text += `${name}: ${value}\r\n`;
  }
  if (body !== undefined) text += body.framingField;
  else if (!WITHOUT_BODY.has(request.method)) text += "content-length: 0\r\n";
  // A header value is a string of octets, one a character.
  return fromLatin1(`${text}\r\n`);
}
