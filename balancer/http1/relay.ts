import type { Attempt } from "../attempt.ts";
import type { AttemptFailure, FailureKind } from "../failure.ts";
import type { Timeouts } from "../timeouts.ts";
import { type AnswerCoding, answerCoding, chunk, frameAnswer, lastChunk } from "./answer_framing.ts";
import { BodyFraming } from "./body_framing.ts";
import type { BufferPool } from "./buffer_pool.ts";
import type { ClientSide } from "./client_side.ts";
import type { ConnectionPool } from "./connection_pool.ts";
import { MessageError } from "./message_error.ts";
import { RequestSender } from "./request_sender.ts";
import { composeResponse, type ResponseAdditions } from "./response_composer.ts";
import { tunnel } from "./tunnel.ts";
import type { UpstreamConnection } from "./upstream_connection.ts";
import type { Wire } from "./wire.ts";

/** What the relays of one listener share. */
export interface RelayOptions {
  readonly pool: ConnectionPool;
  readonly buffers: BufferPool;
  readonly timeouts: Timeouts;
  /** Milliseconds without an octet either way until a tunnel is closed. */
  readonly tunnelIdle: number;
  /** The `Via` line of answers, with its end. */
  readonly via: Uint8Array;
}

const NO_ID = new Uint8Array(0);

/**
 * Takes one request to an upstream and its answer back, as octets. One object serves a client's connection, one attempt at a
 * time.
 *
 * While it waits for the answer it goes on reading from the client, so that a client that leaves ends the exchange at once.
 */
export class Relay {
  readonly #client: ClientSide;
  readonly #options: RelayOptions;
  readonly #body = new BodyFraming();
  readonly #onClientEnd = () => this.abort("client_gone");
  readonly #onLost = () => this.abort("upstream_lost");
  readonly #onExpire = () => this.abort(this.#client.answered ? "idle_timeout" : "first_byte_timeout");
  readonly #onProgress = () => this.#restartFirstByte();
  #coding: AnswerCoding = "verbatim";
  #upstream: UpstreamConnection | undefined;
  #sender: RequestSender | undefined;

  constructor(client: ClientSide, options: RelayOptions) {
    this.#client = client;
    this.#options = options;
  }

  /** Ends the attempt under way with this kind of failure. */
  abort(kind: FailureKind): void {
    this.#upstream?.abort(kind);
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

  /**
   * Sends the request that was put together, passes the answer on, and returns the connection to the pool or closes it.
   *
   * @param fresh use no pooled connection, since one was just found to be stale
   * @returns how it failed; `undefined` when the answer was passed on to its end
   */
  async run(attempt: Attempt, fresh: boolean): Promise<AttemptFailure | undefined> {
    const { pool, timeouts } = this.#options;
    let upstream = fresh ? undefined : pool.take(attempt.upstream);
    if (upstream === undefined) {
      const dialled = await pool.connect(attempt.upstream, timeouts.connect);
      if (dialled.kind !== "connected") return dialled;
      upstream = dialled.connection;
    }
    const client = this.#client;
    this.#upstream = upstream;
    this.#sender = undefined;
    upstream.aborted = undefined;
    upstream.surplus = false;
    if (client.idempotent && client.replayable) attempt.onLost = this.#onLost;
    client.wire.onEnd = this.#onClientEnd;
    upstream.wire.onExpire = this.#onExpire;
    this.#restartFirstByte();
    let failure: AttemptFailure | undefined;
    try {
      failure = client.wire.open ? await this.#send(upstream, attempt) : { kind: "client_gone" };
    } catch (cause) {
      if (!(cause instanceof MessageError)) throw cause;
      failure = { kind: "protocol_error", cause };
    }
    client.wire.onEnd = undefined;
    this.#upstream = undefined;
    if (failure === undefined && this.#mayBeUsedAgain(upstream)) pool.put(upstream);
    else pool.discard(upstream);
    return failure;
  }

  async #send(upstream: UpstreamConnection, attempt: Attempt): Promise<AttemptFailure | undefined> {
    const { wire, body } = this.#client;
    const { head } = upstream;
    const answering = upstream.wire.fill();
    // An upstream may answer and close before it has read everything: what it says counts, not whether writing succeeds.
    const written = upstream.wire.write(wire.message);
    if (body.complete) wire.watch();
    else if (await written) this.#sendBody(upstream);
    head.reset();
    if (!(await answering)) return this.#failure(upstream);
    if ((!this.#parse(upstream) || head.interim) && !(await this.#readHead(upstream))) {
      return this.#failure(upstream);
    }
    upstream.wire.deadline = Infinity;
    attempt.responded(head.status);
    if (head.status === 101) return await this.#upgrade(upstream);
    this.#composeAnswer(upstream);
    if (!(await this.#client.wire.write(upstream.wire.message))) return { kind: "client_gone" };
    this.#client.wire.deadline = Infinity;
    return this.#body.complete ? undefined : await this.#passBody(upstream);
  }

  #parse({ head, wire }: UpstreamConnection): boolean {
    return head.parse(wire.bytes, wire.start, wire.end);
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

  #restartFirstByte(): void {
    const { pool, timeouts } = this.#options;
    if (this.#upstream !== undefined && !this.#client.answered) {
      this.#upstream.wire.deadline = pool.deadlines.now + timeouts.firstByte;
    }
  }

  /** Reads on to the head of the final answer and passes interim ones on; answers false when the connection ended first. */
  async #readHead(upstream: UpstreamConnection): Promise<boolean> {
    const { wire, head } = upstream;
    for (;;) {
      while (!this.#parse(upstream)) {
        if (wire.full && wire.grow()) head.reset();
        if (!(await wire.fill())) return false;
      }
      if (!head.interim) return true;
      if (this.#client.head.minor === 1) await this.#passInterim(upstream);
      wire.start = head.end;
      head.reset();
    }
  }

  async #passInterim({ wire, head }: UpstreamConnection): Promise<void> {
    const { via } = this.#options;
    composeResponse(wire, head, { via, requestId: NO_ID, connection: "silent", chunked: false });
    await this.#client.wire.write(wire.message);
  }

  /** Puts the head of the answer together, with what came of its body. */
  #composeAnswer({ wire, head }: UpstreamConnection): void {
    const client = this.#client;
    const body = this.#body;
    frameAnswer(body, head, client.head.method === "HEAD");
    this.#coding = answerCoding(body, client.head.minor);
    if (!client.body.complete || (client.head.minor === 0 && (head.chunked || body.framing === "close"))) {
      client.persistent = false;
    }
    if (this.#coding === "dechunked") head.nominated.push("transfer-encoding");
    composeResponse(wire, head, this.#additions());
    wire.start = head.end;
    this.#copyBody(wire);
    client.answered = true;
    client.status = head.status;
    const { pool, timeouts } = this.#options;
    client.wire.deadline = pool.deadlines.now + timeouts.idle;
  }

  #additions(): ResponseAdditions {
    const { persistent, head: { minor }, requestId } = this.#client;
    const connection = persistent ? minor === 1 ? "silent" : "keep-alive" : minor === 1 ? "close" : "silent";
    return { via: this.#options.via, requestId, connection, chunked: this.#coding === "chunked" };
  }

  /** Puts what came of the body together with the head. */
  #copyBody(wire: Wire): void {
    const body = this.#body;
    if (body.complete || wire.available === 0) return;
    if (this.#coding === "verbatim") {
      const end = body.consume(wire.bytes, wire.start, wire.end);
      wire.reserve(end - wire.start);
      wire.copy(wire.start, end);
      wire.start = end;
      return;
    }
    const piece = this.#recode(wire.bytes, wire.start, wire.end);
    wire.reserve(piece.octets.length);
    wire.put(piece.octets);
    wire.start = piece.end;
  }

  #recode(bytes: Uint8Array<ArrayBuffer>, start: number, end: number) {
    if (this.#coding === "dechunked") {
      const { data, end: next } = this.#body.dechunk(bytes, start, end);
      return { octets: data, end: next };
    }
    if (this.#coding === "chunked") return { octets: chunk(bytes, start, end), end };
    const next = this.#body.consume(bytes, start, end);
    return { octets: bytes.subarray(start, next), end: next };
  }

  async #passBody(upstream: UpstreamConnection): Promise<AttemptFailure | undefined> {
    const { buffers, pool: { deadlines }, timeouts: { idle } } = this.#options;
    const { wire } = upstream;
    const client = this.#client.wire;
    const buffer = buffers.borrow();
    try {
      while (!this.#body.complete) {
        wire.deadline = deadlines.now + idle;
        const count = await wire.readInto(buffer);
        wire.deadline = Infinity;
        if (count === 0) return await this.#bodyEnded(upstream);
        const { octets, end } = this.#recode(buffer, 0, count);
        if (end < count) upstream.surplus = true;
        client.deadline = deadlines.now + idle;
        if (!(await client.write(octets))) return { kind: "client_gone" };
        client.deadline = Infinity;
      }
      return undefined;
    } finally {
      buffers.giveBack(buffer);
    }
  }

  async #bodyEnded(upstream: UpstreamConnection): Promise<AttemptFailure | undefined> {
    if (upstream.wire.state.kind !== "ended" || !this.#body.ended()) return this.#failure(upstream);
    if (this.#coding === "chunked" && !(await this.#client.wire.write(lastChunk()))) {
      return { kind: "client_gone" };
    }
    return undefined;
  }

  async #upgrade(upstream: UpstreamConnection): Promise<AttemptFailure | undefined> {
    const client = this.#client;
    const { buffers, pool: { deadlines }, via, tunnelIdle } = this.#options;
    if (!client.upgrading || upstream.head.upgradeEnd === 0) {
      return {
        kind: "protocol_error",
        cause: new MessageError(400, "The answer is an upgrade that was not asked for"),
      };
    }
    const { wire, head } = upstream;
    composeResponse(wire, head, { via, requestId: client.requestId, connection: "upgrade", chunked: false });
    wire.start = head.end;
    client.answered = true;
    client.status = head.status;
    client.persistent = false;
    if (!(await client.wire.write(wire.bytes.subarray(wire.outStart, wire.out)))) {
      return { kind: "client_gone" };
    }
    await tunnel(client.wire, wire, { buffers, deadlines, idle: tunnelIdle });
    return undefined;
  }

  /** How the upstream's connection came to its end before the answer did. */
  #failure({ aborted, wire, reused }: UpstreamConnection): AttemptFailure {
    if (aborted !== undefined) return { kind: aborted, cause: this.#sender?.error };
    const cause = wire.state.kind === "failed" ? wire.state.cause : undefined;
    if (this.#client.answered) return { kind: "truncated", cause };
    if (wire.available > 0) return { kind: "protocol_error", cause };
    return { kind: reused ? "stale_connection" : "reset", cause };
  }

  #mayBeUsedAgain({ wire, head, surplus }: UpstreamConnection): boolean {
    const { body } = this.#client;
    return wire.open && !surplus && wire.available === 0 && body.complete && this.#body.complete &&
      this.#body.framing !== "close" && !head.closes && (head.minor === 1 || head.keepsAlive) &&
      head.status !== 101;
  }
}
