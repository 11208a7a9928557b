import type { ClientSide } from "./client_side.ts";
import type { Deadlines } from "./deadlines.ts";
import { ascii } from "./octets.ts";

/** What a {@linkcode RequestContent} works with. */
export interface RequestContentOptions {
  readonly deadlines: Deadlines;
  /** Milliseconds that the client has for each piece. */
  readonly idle: number;
}

/** Octets read at once. */
const PIECE = 65_536;
const CONTINUE = ascii("HTTP/1.1 100 Continue\r\n\r\n");

/** The body of a request as a stream. A piece is read when it is asked for, so that who reads slowly slows the client down. */
export class RequestContent {
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #client: ClientSide;
  readonly #options: RequestContentOptions;
  #controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined;
  #pulling: Promise<void> = Promise.resolve();
  #continued: Promise<unknown> = Promise.resolve();
  #expected: boolean;
  #over = false;

  constructor(client: ClientSide, options: RequestContentOptions) {
    this.#client = client;
    this.#options = options;
    this.#expected = client.head.expectsContinue;
    this.stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: (controller) => this.#pulling = this.#pull(controller),
      cancel: () => this.stop(),
    }, { highWaterMark: 0 });
  }

  /** Asks the client for nothing more. Who still waits for some of it is told that none comes. */
  stop(): void {
    this.#over = true;
    this.#controller?.error(new Error("The request was answered before its content was read"));
  }

  /** Whether what is left of the body has come already. */
  get atHand(): boolean {
    const { body, wire } = this.#client;
    return body.complete || body.remaining <= wire.available;
  }

  /** Passes over what was at hand and was not read. */
  skip(): void {
    const { body, wire } = this.#client;
    wire.start = body.consume(wire.bytes, wire.start, wire.end);
  }

  /** Settles when the client has been told to go on, if it is being told: one writes to it at a time. */
  async continued(): Promise<void> {
    await this.#continued;
  }

  /** Settles when no read is under way any more. */
  async settled(): Promise<void> {
    await this.#pulling;
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>): Promise<void> {
    const { body, wire } = this.#client;
    try {
      while (!body.complete) {
        const data = await this.#piece();
        if (this.#over) return;
        if (data === undefined) throw new Error("The client left in the middle of its request");
        if (data.length === 0) continue;
        controller.enqueue(data);
        break;
      }
      if (!body.complete) return;
      controller.close();
      // From here on the client's leaving is noticed.
      wire.watch();
    } catch (error) {
      controller.error(error);
    }
  }

  /** The next piece, which may be empty; `undefined` when the client has left. */
  async #piece(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const { wire } = this.#client;
    if (wire.available === 0) return await this.#read();
    const { data, end } = this.#take(wire.bytes, wire.start, wire.end);
    wire.start = end;
    return data;
  }

  async #read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const { deadlines, idle } = this.#options;
    const { wire, body, answered } = this.#client;
    if (this.#expected && !answered) await (this.#continued = wire.write(CONTINUE));
    this.#expected = false;
    // Of a body of known length no more is read than belongs to it: the next request has its place in the wire.
    const room = new Uint8Array(Math.min(PIECE, body.remaining));
    if (!answered) wire.deadline = deadlines.now + idle;
    const count = await wire.readInto(room);
    if (!this.#client.answered) wire.deadline = Infinity;
    if (count === 0) return undefined;
    const { data, end } = this.#take(room, 0, count);
    if (end < count) wire.unread(room.subarray(end, count));
    return data;
  }

  /** What octets hold of the body, and where it ends in them. */
  #take(bytes: Uint8Array<ArrayBuffer>, start: number, end: number) {
    const { body } = this.#client;
    if (body.framing === "chunked") return body.dechunk(bytes, start, end);
    const next = body.consume(bytes, start, end);
    // What is in the wire's own buffer will be read over.
    const data = bytes === this.#client.wire.bytes ? bytes.slice(start, next) : bytes.subarray(start, next);
    return { data, end: next };
  }
}
