import type { ServeInfo } from "@flotilla/runtime";
import { AnswerWriter } from "./answer_writer.ts";
import type { ClientSide } from "./client_side.ts";
import type { Deadlines } from "./deadlines.ts";
import { MessageError } from "./message_error.ts";
import { latin1 } from "./octets.ts";
import { RequestContent } from "./request_content.ts";

/** What a {@linkcode HostedExchange} works with. */
export interface HostedExchangeOptions {
  readonly deadlines: Deadlines;
  /** Milliseconds between two pieces of a body, either way. */
  readonly idle: number;
  /** Told what the handler threw. */
  onError(error: unknown): void;
}

/** Answers a request of the Fetch standard. */
export type Handler = (request: Request, info: ServeInfo) => Response | Promise<Response>;

const NO_HOST: Deno.Addr = { transport: "unix", path: "" };

/**
 * One request that is answered in this process: made an object for the handler, whose response is written as octets. A client
 * that leaves aborts the request's signal and cancels the response's body.
 */
export class HostedExchange {
  readonly #client: ClientSide;
  readonly #options: HostedExchangeOptions;
  readonly #gone = new AbortController();
  readonly #content: RequestContent | undefined;
  readonly #writer: AnswerWriter;
  readonly #request: Request;

  /** @throws {MessageError} 400 when the request cannot be put as an object */
  constructor(client: ClientSide, options: HostedExchangeOptions) {
    const { deadlines, idle } = options;
    this.#client = client;
    this.#options = options;
    this.#content = client.body.complete ? undefined : new RequestContent(client, { deadlines, idle });
    this.#writer = new AnswerWriter({ client, deadlines, idle });
    this.#request = this.#read();
    client.wire.start = client.head.end;
  }

  /** Has the request answered. Settles when that is done, or cannot be; the client is then cut off. Never rejects. */
  async run(handler: Handler): Promise<void> {
    const { wire, body } = this.#client;
    wire.onEnd = () => this.abort();
    if (body.complete) wire.watch();
    const whole = await this.#answer(handler);
    this.#content?.stop();
    wire.onEnd = undefined;
    if (whole) {
      if (this.#client.persistent) this.#content?.skip();
      return;
    }
    // A client that has left may be noticed by a write alone.
    this.abort();
    this.#client.persistent = false;
    wire.cut();
  }

  /** The client has left, or takes too long. */
  abort(): void {
    this.#gone.abort(new DOMException("The client has left", "AbortError"));
    this.#writer.cancel();
  }

  /** Settles when nothing of the request's body is being read any more. */
  async settled(): Promise<void> {
    await this.#content?.settled();
  }

  /** Answers whether the client has got all of the answer. */
  async #answer(handler: Handler): Promise<boolean> {
    const client = this.#client;
    try {
      const response = await handler(this.#request, serveInfo(client.origin.peer));
      await this.#content?.continued();
      if (!client.wire.open) return this.#unheard(response);
      // What is still to come of the request's body would be taken for the next request.
      if (this.#content?.atHand === false) client.persistent = false;
      return await this.#writer.write(response);
    } catch (error) {
      this.#options.onError(error);
      return false;
    }
  }

  #unheard({ status, body }: Response): false {
    this.#client.status = status;
    void body?.cancel().catch(() => {});
    return false;
  }

  #read(): Request {
    const { wire: { bytes }, head } = this.#client;
    const headers = new Headers();
    for (const [name, value] of head.entries(bytes)) headers.append(name, value);
    const method = latin1(bytes, head.methodStart, head.methodEnd);
    const body = this.#content?.stream ?? null;
    try {
      return new Request(this.#url(), { method, headers, body, signal: this.#gone.signal });
    } catch (cause) {
      if (cause instanceof TypeError) throw new MessageError(400, "The request target is no URL");
      throw cause;
    }
  }

  #url(): string {
    const { wire: { bytes }, head, authority, origin } = this.#client;
    const host = head.hostEnd === 0
      ? latin1(authority, 0, authority.length)
      : latin1(bytes, head.hostStart, head.hostEnd);
    return `${origin.protocol}://${host}${latin1(bytes, head.pathStart, head.targetEnd)}`;
  }
}

function serveInfo(peer: string | undefined): ServeInfo {
  return { remoteAddr: peer === undefined ? NO_HOST : { transport: "tcp", hostname: peer, port: 0 } };
}
