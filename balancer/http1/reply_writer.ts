import type { ClientSide } from "./client_side.ts";
import type { Deadlines } from "./deadlines.ts";
import type { OctetAnswer, Reply } from "./door.ts";
import { ascii } from "./octets.ts";

/** What a {@linkcode ReplyWriter} works with. */
export interface ReplyWriterOptions {
  readonly deadlines: Deadlines;
  /** Milliseconds that the client has to take the answer. */
  readonly idle: number;
  /** The answer turned out to be a response, which is to be written by others. */
  onResponse(response: Response): void;
  /** The answer was written, or cannot be. */
  onFinish(): void;
  /** Making the answer failed by a mistake of the program. */
  onFailed(error: unknown): void;
}

const CLOSE = ascii("connection: close\r\n");

/**
 * Writes the answers of a client's connection that are made of octets in this process, one at a time. Nothing is read meanwhile, so
 * that the head of the request stays where it is.
 */
export class ReplyWriter {
  readonly #client: ClientSide;
  readonly #options: ReplyWriterOptions;
  readonly #onAnswer = (answer: OctetAnswer | Response): void => this.#write(answer);
  readonly #onFailed = (error: unknown): void => this.#options.onFailed(error);
  readonly #onSent = (): void => {
    this.#client.wire.deadline = Infinity;
    this.#options.onFinish();
  };

  constructor(client: ClientSide, options: ReplyWriterOptions) {
    this.#client = client;
    this.#options = options;
  }

  /** Writes the answer once it is there. */
  give({ answer }: Reply): void {
    answer.then(this.#onAnswer, this.#onFailed);
  }

  #write(answer: OctetAnswer | Response): void {
    const client = this.#client;
    const { wire } = client;
    if (answer instanceof Response) {
      this.#skipRequest();
      return this.#options.onResponse(answer);
    }
    client.status = answer.status;
    client.answered = true;
    this.#compose(answer);
    this.#skipRequest();
    wire.deadline = this.#options.deadlines.now + this.#options.idle;
    wire.send(wire.message, this.#onSent);
  }

  /** The next request begins behind the body of this one, which nobody looks at. */
  #skipRequest(): void {
    const { wire, head, body } = this.#client;
    wire.start = body.consume(wire.bytes, head.end, wire.end);
  }

  #compose(answer: OctetAnswer): void {
    const { wire, head, persistent } = this.#client;
    wire.compose();
    answer.putHead(wire, head);
    if (!persistent) {
      wire.reserve(CLOSE.length + answer.contentLength + 2);
      wire.put(CLOSE);
    }
    wire.putLineEnd();
    answer.putContent(wire, head);
  }
}
