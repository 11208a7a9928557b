import type { BufferPool } from "./buffer_pool.ts";
import type { ClientSide } from "./client_side.ts";
import type { Deadlines } from "./deadlines.ts";
import { MessageError } from "./message_error.ts";
import type { UpstreamConnection } from "./upstream_connection.ts";

/** What a {@linkcode RequestSender} works with. */
export interface RequestSenderOptions {
  readonly client: ClientSide;
  readonly upstream: UpstreamConnection;
  readonly buffers: BufferPool;
  readonly deadlines: Deadlines;
  /** Milliseconds between two pieces. */
  readonly idle: number;
  /** A piece is being sent, or was sent. */
  onProgress(sending: boolean): void;
}

/**
 * Sends the rest of a request's body while the answer may already be coming. One piece is in memory at a time, so that an upstream
 * that reads slowly slows the client down.
 */
export class RequestSender {
  /** Settles when the body is sent, broke off, or is given up. Never rejects. */
  readonly done: Promise<void>;
  /** What was wrong with the body. */
  error: MessageError | undefined;
  readonly #options: RequestSenderOptions;
  #discarding = false;

  constructor(options: RequestSenderOptions) {
    this.#options = options;
    this.done = this.#run();
  }

  /** Sends nothing more; what still comes is read and thrown away, so that the client gets to read its answer. */
  discard(): void {
    this.#discarding = true;
  }

  /** The client took too long. */
  expire(): void {
    this.error ??= new MessageError(408, "The body of the request did not come in time");
    this.#options.upstream.abort("request_body");
  }

  async #run(): Promise<void> {
    const { client: { wire, body }, buffers } = this.#options;
    const buffer = buffers.borrow();
    try {
      while (!body.complete) {
        const piece = wire.available > 0 ? this.#buffered() : await this.#read(buffer);
        if (piece === undefined) return;
        if (!this.#discarding) await this.#send(piece);
      }
      if (!this.#discarding) wire.watch();
    } catch (error) {
      if (!(error instanceof MessageError)) throw error;
      this.error ??= error;
      this.#options.upstream.abort("request_body");
    } finally {
      buffers.giveBack(buffer);
    }
  }

  #buffered(): Uint8Array {
    const { wire, body } = this.#options.client;
    const { start } = wire;
    wire.start = body.consume(wire.bytes, start, wire.end);
    return wire.bytes.subarray(start, wire.start);
  }

  /** Reads a piece; `undefined` when the client has left. */
  async #read(buffer: Uint8Array<ArrayBuffer>): Promise<Uint8Array | undefined> {
    const { client: { wire, body, answered }, deadlines, idle } = this.#options;
    if (!answered) wire.deadline = deadlines.now + idle;
    // Of a body of known length no more is read than belongs to it: the next request has its place in the wire.
    const room = body.remaining < buffer.length ? buffer.subarray(0, body.remaining) : buffer;
    const count = await wire.readInto(room);
    if (!this.#options.client.answered) wire.deadline = Infinity;
    if (count === 0) return undefined;
    const end = body.consume(room, 0, count);
    if (end < count) wire.unread(room.subarray(end, count));
    return room.subarray(0, end);
  }

  async #send(piece: Uint8Array): Promise<void> {
    // An upstream that stops reading may have answered: what it says decides, and the rest is thrown away.
    this.#options.onProgress(true);
    if (!(await this.#options.upstream.wire.write(piece))) this.#discarding = true;
    this.#options.onProgress(false);
  }
}
