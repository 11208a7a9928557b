import type { Timeouts } from "../timeouts.ts";
import { type AnswerCoding, answerCoding, chunk, frameAnswer, lastChunk } from "./answer_framing.ts";
import { BodyFraming } from "./body_framing.ts";
import type { BufferPool } from "./buffer_pool.ts";
import type { ClientSide } from "./client_side.ts";
import type { ConnectionPool } from "./connection_pool.ts";
import {
  composeCrossing,
  composeResponse,
  type ResponseAdditions,
  type ViaLines,
} from "./response_composer.ts";
import type { UpstreamConnection } from "./upstream_connection.ts";
import type { Wire } from "./wire.ts";

/** Octets of an answer's body that is waited for before anything of it is passed on. */
const SMALL_BODY = 16_384;

/** What the answers of one listener are passed on with. */
export interface AnswerPassageOptions {
  readonly pool: ConnectionPool;
  readonly buffers: BufferPool;
  readonly timeouts: Timeouts;
  /** The `Via` line of answers. */
  readonly via: ViaLines;
}

/** How passing a body on ended: `cut` is one that the upstream did not bring to its end. */
export type BodyEnd = "whole" | "cut" | "client_gone";

/**
 * Passes answers on: the head with what came of the body in one piece, and the rest of a long body piece by piece. One object serves a
 * client's connection.
 */
export class AnswerPassage {
  /** The framing of the answer's body. */
  readonly body: BodyFraming = new BodyFraming();
  readonly #client: ClientSide;
  readonly #options: AnswerPassageOptions;
  #coding: AnswerCoding = "verbatim";

  constructor(client: ClientSide, options: AnswerPassageOptions) {
    this.#client = client;
    this.#options = options;
  }

  /**
   * Whether a small answer is there with its body. It is waited for, so that the request can be sent elsewhere when the upstream
   * dies in between, and the client never sees half of it.
   */
  isWhole({ wire, head }: UpstreamConnection): boolean {
    const { contentLength, status } = head;
    const bodiless = status === 204 || status === 304 || this.#client.head.method === "HEAD";
    if (contentLength <= 0 || contentLength > SMALL_BODY || bodiless) return true;
    if (wire.holds(head.end - wire.start + contentLength)) return true;
    head.reset();
    return false;
  }

  /** Puts the head of the answer together, with what came of its body. */
  compose({ wire, head }: UpstreamConnection): void {
    const client = this.#client;
    const { body } = this;
    frameAnswer(body, head, client.head.method === "HEAD");
    this.#coding = answerCoding(body, client.head.minor);
    if (!client.body.complete || (client.head.minor === 0 && (head.chunked || body.framing === "close"))) {
      client.persistent = false;
    }
    if (this.#coding === "dechunked") head.nominated.push("transfer-encoding");
    const additions = this.#additions();
    if (client.crossing === undefined) composeResponse(wire, head, additions);
    else composeCrossing(wire, head, { ...additions, crossing: client.crossing });
    wire.start = head.end;
    this.#copyBody(wire);
    client.answered = true;
    client.status = head.status;
    const { pool, timeouts } = this.#options;
    client.wire.deadline = pool.deadlines.now + timeouts.idle;
  }

  /**
   * Passes the rest of the body on: while the client does not take a piece, none is read.
   *
   * @throws {MessageError} when chunks are malformed
   */
  async passRest(upstream: UpstreamConnection): Promise<BodyEnd> {
    const { buffers } = this.#options;
    const buffer = buffers.borrow();
    try {
      while (!this.body.complete) {
        const count = await this.#read(upstream, buffer);
        if (count === 0) return await this.#ended(upstream);
        const { octets, end } = this.#recode(buffer, 0, count);
        if (end < count) upstream.surplus = true;
        if (!(await this.#write(octets))) return "client_gone";
      }
      return "whole";
    } finally {
      buffers.giveBack(buffer);
    }
  }

  #additions(): ResponseAdditions {
    const { persistent, head: { minor }, requestId } = this.#client;
    const connection = persistent ? minor === 1 ? "silent" : "keep-alive" : minor === 1 ? "close" : "silent";
    return { via: this.#options.via, requestId, connection, chunked: this.#coding === "chunked" };
  }

  /** Puts what came of the body together with the head. */
  #copyBody(wire: Wire): void {
    const { body } = this;
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
      const { data, end: next } = this.body.dechunk(bytes, start, end);
      return { octets: data, end: next };
    }
    if (this.#coding === "chunked") return { octets: chunk(bytes, start, end), end };
    const next = this.body.consume(bytes, start, end);
    return { octets: bytes.subarray(start, next), end: next };
  }

  async #read({ wire }: UpstreamConnection, buffer: Uint8Array): Promise<number> {
    const { pool: { deadlines }, timeouts: { idle } } = this.#options;
    wire.deadline = deadlines.now + idle;
    const count = await wire.readInto(buffer);
    wire.deadline = Infinity;
    return count;
  }

  async #write(octets: Uint8Array): Promise<boolean> {
    const { pool: { deadlines }, timeouts: { idle } } = this.#options;
    const { wire } = this.#client;
    wire.deadline = deadlines.now + idle;
    const written = await wire.write(octets);
    if (written) wire.deadline = Infinity;
    return written;
  }

  async #ended({ wire }: UpstreamConnection): Promise<BodyEnd> {
    if (wire.state.kind !== "ended" || !this.body.ended()) return "cut";
    if (this.#coding === "chunked" && !(await this.#client.wire.write(lastChunk()))) return "client_gone";
    return "whole";
  }
}
