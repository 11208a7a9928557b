import type { Attempt } from "../attempt.ts";
import type { AttemptFailure, FailureKind } from "../failure.ts";
import { AnswerPassage, type AnswerPassageOptions, type BodyEnd } from "./answer_passage.ts";
import type { ClientSide } from "./client_side.ts";
import { MessageError } from "./message_error.ts";
import { RequestSender } from "./request_sender.ts";
import { composeResponse } from "./response_composer.ts";
import { tunnel } from "./tunnel.ts";
import type { UpstreamConnection } from "./upstream_connection.ts";

/** What the relays of one listener share. */
export interface RelayOptions extends AnswerPassageOptions {
  /** Milliseconds without an octet either way until a tunnel is closed. */
  readonly tunnelIdle: number;
  /** Told an error that no input may cause; the connection that it happened on is closed. */
  onError(error: unknown): void;
}

/** Told how an attempt failed; `undefined` when the answer was passed on to its end. */
export type RelayEnd = (failure: AttemptFailure | undefined) => void;

/**
 * Takes one request to an upstream and its answer back, as octets. One object serves a client's connection, one attempt at a
 * time.
 *
 * While it waits for the answer it goes on reading from the client, so that a client that leaves ends the exchange at once.
 * A request without a body whose answer comes in one piece passes by callbacks alone; what takes longer is `async`.
 */
export class Relay {
  readonly #client: ClientSide;
  readonly #options: RelayOptions;
  readonly #onFinish: RelayEnd;
  readonly #answer: AnswerPassage;
  readonly #onClientEnd = () => this.abort("client_gone");
  readonly #onLost = () => this.abort("upstream_lost");
  readonly #onExpire = () => this.abort(this.#client.answered ? "idle_timeout" : "first_byte_timeout");
  readonly #onProgress = (sending: boolean) => this.#setDeadline(sending);
  readonly #onRequestSent = (written: boolean) => this.#requestSent(written);
  readonly #onReadable = () => this.#readable();
  readonly #onUpstreamEnd = () => this.#finish(this.#failure());
  readonly #onAnswerSent = (written: boolean) => this.#answerSent(written);
  #attempt: Attempt | undefined;
  /** Why the attempt is to end as soon as it has a connection. */
  #abortedBefore: FailureKind | undefined;
  #upstream: UpstreamConnection | undefined;
  #sender: RequestSender | undefined;

  constructor(client: ClientSide, options: RelayOptions, onFinish: RelayEnd) {
    this.#client = client;
    this.#options = options;
    this.#answer = new AnswerPassage(client, options);
    this.#onFinish = onFinish;
  }

  /** Sends the request that was put together and passes the answer on. */
  start(attempt: Attempt): void {
    this.#attempt = attempt;
    this.#abortedBefore = undefined;
    const upstream = this.#options.pool.take(attempt.upstream);
    if (upstream === undefined) void this.#connect(attempt);
    else this.#send(attempt, upstream);
  }

  /** Ends the attempt under way with this kind of failure. */
  abort(kind: FailureKind): void {
    if (this.#upstream === undefined) this.#abortedBefore ??= kind;
    else this.#upstream.abort(kind);
  }

  /** The client took too long: to send its body, or to read the answer. */
  clientExpired(): void {
    if (!this.#client.answered && this.#sender !== undefined) return this.#sender.expire();
    this.#client.wire.cut();
    this.abort("client_gone");
  }

  /** Settles when no read of a body is under way any more; what still comes of it is thrown away. */
  async settled(): Promise<void> {
    this.#sender?.discard();
    await this.#sender?.done;
    this.#sender = undefined;
  }

  async #connect(attempt: Attempt): Promise<void> {
    const { pool, timeouts } = this.#options;
    const { wire, body } = this.#client;
    wire.onEnd = this.#onClientEnd;
    if (body.complete) wire.watchInTurn();
    const dialled = await pool.connect(attempt.upstream, timeouts.connect);
    if (dialled.kind !== "connected") return this.#onFinish(dialled);
    this.#send(attempt, dialled.connection);
    if (this.#abortedBefore !== undefined) this.abort(this.#abortedBefore);
  }

  #send(attempt: Attempt, upstream: UpstreamConnection): void {
    const client = this.#client;
    const { wire, body } = client;
    this.#upstream = upstream;
    this.#sender = undefined;
    upstream.prepare();
    upstream.wire.onExpire = this.#onExpire;
    upstream.wire.onReadable = this.#onReadable;
    upstream.wire.onEnd = this.#onUpstreamEnd;
    if (client.idempotent && client.replayable) attempt.onLost = this.#onLost;
    this.#setDeadline(false);
    upstream.wire.read();
    wire.onEnd = this.#onClientEnd;
    if (!wire.open) return this.abort("client_gone");
    upstream.wire.send(wire.message, this.#onRequestSent);
    if (body.complete) wire.watchInTurn();
  }

  /** An upstream may answer and close before it has read everything: what it says counts, not whether writing succeeds. */
  #requestSent(written: boolean): void {
    const upstream = this.#upstream;
    if (written && upstream !== undefined && !this.#client.body.complete) this.#sendBody(upstream);
  }

  /** Something of the answer came. */
  #readable(): void {
    const upstream = this.#upstream;
    if (upstream === undefined) return;
    const { wire, head } = upstream;
    try {
      if (!head.parse(wire.bytes, wire.start, wire.end)) {
        if (wire.full && wire.grow()) head.reset();
        return wire.read();
      }
      if (head.interim) return void this.#passInterim(upstream);
      if (!this.#answer.isWhole(upstream)) return wire.read();
      wire.deadline = Infinity;
      this.#attempt?.responded(head.status);
      if (head.status === 101) return void this.#upgrade(upstream);
      this.#answer.compose(upstream);
      wire.onEnd = undefined;
      this.#client.wire.send(wire.message, this.#onAnswerSent);
    } catch (cause) {
      this.#broke(cause);
    }
  }

  #answerSent(written: boolean): void {
    this.#client.wire.deadline = Infinity;
    if (!written) return this.#finish({ kind: "client_gone" });
    if (this.#answer.body.complete) return this.#finish(undefined);
    void this.#passBody();
  }

  /** Whether the upstream cannot take a part of this request for the next one. */
  #requestIsClear(): boolean {
    const { body, head } = this.#client;
    // A server that takes no body with these methods may not have read it.
    const oddBody = head.hasBody && (head.method === "GET" || head.method === "HEAD");
    return body.complete && !oddBody;
  }

  /** The answer is malformed; any other error is a mistake of this program, told to its operator. */
  #broke(cause: unknown): void {
    if (!(cause instanceof MessageError)) this.#options.onError(cause);
    this.#finish({ kind: "protocol_error", cause });
  }

  /** Returns the connection to the pool or closes it. */
  #finish(failure: AttemptFailure | undefined): void {
    const upstream = this.#upstream;
    if (upstream === undefined) return;
    this.#upstream = this.#attempt = undefined;
    this.#client.wire.onEnd = undefined;
    // The next request would be put together where the upstream's socket still takes this one from.
    if (upstream.wire.sending) this.#client.persistent = false;
    const { pool } = this.#options;
    // Where one was stale the others are likely to be.
    if (failure?.kind === "stale_connection") pool.forget(upstream.upstreamId);
    if (failure === undefined && this.#requestIsClear() && upstream.mayBeUsedAgain(this.#answer.body)) {
      pool.put(upstream);
    } else pool.discard(upstream);
    this.#onFinish(failure);
  }

  #sendBody(upstream: UpstreamConnection): void {
    const { pool: { deadlines }, buffers, timeouts: { idle } } = this.#options;
    this.#sender = new RequestSender({
      client: this.#client,
      upstream,
      buffers,
      deadlines,
      idle,
      onProgress: this.#onProgress,
    });
  }

  /**
   * The upstream has its time from when it has all of the request, or is asked whether to go on. While it takes a piece of the body, it
   * has the time of a piece; while one is waited for, the client's time runs.
   */
  #setDeadline(sending: boolean): void {
    const { pool, timeouts } = this.#options;
    const upstream = this.#upstream;
    if (upstream === undefined || this.#client.answered) return;
    const { body, head } = this.#client;
    const waiting = body.complete || (head.expectsContinue && this.#sender === undefined);
    const firstByte = this.#client.crossing?.timeout ?? timeouts.firstByte;
    const time = sending ? timeouts.idle : waiting ? firstByte : Infinity;
    upstream.wire.deadline = pool.deadlines.now + time;
  }

  async #passInterim(upstream: UpstreamConnection): Promise<void> {
    const { via } = this.#options;
    const { wire, head } = upstream;
    // Who answers through a crossing has asked for a final answer alone.
    if (this.#client.head.minor === 1 && this.#client.crossing === undefined) {
      composeResponse(wire, head, { via, requestId: undefined, connection: "silent", chunked: false });
      await this.#client.wire.write(wire.message);
    }
    if (this.#upstream !== upstream) return;
    wire.start = head.end;
    head.reset();
    if (wire.available > 0) return this.#readable();
    wire.rewind();
    wire.read();
  }

  async #passBody(): Promise<void> {
    const upstream = this.#upstream;
    if (upstream === undefined) return;
    try {
      this.#bodyPassed(await this.#answer.passRest(upstream));
    } catch (cause) {
      this.#broke(cause);
    }
  }

  #bodyPassed(end: BodyEnd): void {
    switch (end) {
      case "whole":
        return this.#finish(undefined);
      case "cut":
        return this.#finish(this.#failure());
      case "client_gone":
        return this.#finish({ kind: "client_gone" });
    }
  }

  async #upgrade({ wire, head }: UpstreamConnection): Promise<void> {
    const client = this.#client;
    const { buffers, pool: { deadlines }, via, tunnelIdle } = this.#options;
    if (!client.upgrading || head.upgradeEnd === 0) {
      const cause = new MessageError(400, "The answer is an upgrade that was not asked for");
      return this.#finish({ kind: "protocol_error", cause });
    }
    composeResponse(wire, head, { via, requestId: client.requestId, connection: "upgrade", chunked: false });
    wire.start = head.end;
    client.answered = true;
    client.status = head.status;
    client.persistent = false;
    wire.onReadable = wire.onEnd = undefined;
    if (!(await client.wire.write(wire.message))) return this.#finish({ kind: "client_gone" });
    await tunnel(client.wire, wire, { buffers, deadlines, idle: tunnelIdle });
    this.#finish(undefined);
  }

  #failure(): AttemptFailure {
    const upstream = this.#upstream;
    if (upstream === undefined) return { kind: "client_gone" };
    const failure = upstream.failure(this.#client.answered);
    const error = this.#sender?.error;
    return failure.kind === "request_body" && error !== undefined
      ? { kind: "request_body", cause: error }
      : failure;
  }
}
