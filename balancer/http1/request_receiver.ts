import type { ClientSide } from "./client_side.ts";
import type { Deadlines } from "./deadlines.ts";

/** How long a listener waits for its clients, in milliseconds. */
export interface ClientTimeouts {
  /** For the next request on a connection. */
  readonly keepAlive: number;
  /** For the whole head, from its first octet. */
  readonly head: number;
  /** For a client to leave once it was told that its connection is closed. */
  readonly linger: number;
}

/** What a {@linkcode RequestReceiver} works with. */
export interface RequestReceiverOptions {
  readonly deadlines: Deadlines;
  readonly timeouts: ClientTimeouts;
  /** A request is there, with its body when that is small. */
  onRequest(): void;
  /** The client leaves without another request. */
  onLeft(): void;
  /** What came is no request, or what was done with it has thrown. */
  onError(error: unknown): void;
}

/** What is waited for: the first octet of a request, the rest of its head, a small body, nothing. */
type Awaited = "request" | "head" | "body" | "nothing";

/** Octets of a request's body that is waited for before an upstream is chosen. */
const SMALL_BODY = 16_384;

/** Waits for the requests of a client's connection, one after another. */
export class RequestReceiver {
  readonly #client: ClientSide;
  readonly #options: RequestReceiverOptions;
  readonly #onReadable = () => this.#advance();
  readonly #onEnd = () => this.#options.onLeft();
  #awaited: Awaited = "nothing";

  constructor(client: ClientSide, options: RequestReceiverOptions) {
    this.#client = client;
    this.#options = options;
  }

  /** What is being waited for. */
  get awaited(): Awaited {
    return this.#awaited;
  }

  /** Waits for the next request. */
  next(): void {
    const { deadlines, timeouts } = this.#options;
    const { wire } = this.#client;
    this.#awaited = "request";
    wire.deadline = deadlines.now + timeouts.keepAlive;
    wire.onReadable = this.#onReadable;
    wire.onEnd = this.#onEnd;
    this.#advance();
  }

  /** Waits no longer. */
  stop(): void {
    const { wire } = this.#client;
    this.#awaited = "nothing";
    wire.onReadable = wire.onEnd = undefined;
  }

  /** Has the request served when it is there, otherwise reads on. */
  #advance(): void {
    const { wire } = this.#client;
    try {
      if (!this.#parse() || !this.#isWhole()) return this.#readOn();
      this.stop();
      wire.deadline = Infinity;
      this.#options.onRequest();
    } catch (error) {
      this.#options.onError(error);
    }
  }

  #readOn(): void {
    const { wire } = this.#client;
    if (!wire.open) this.#options.onLeft();
    else if (this.#awaited === "request") wire.watchInTurn();
    else wire.read();
  }

  /** Reads on in the head of the request; answers whether it is complete. */
  #parse(): boolean {
    const { wire, head } = this.#client;
    if (wire.available === 0) {
      wire.rewind();
      return false;
    }
    if (head.parse(wire.bytes, wire.start, wire.end)) return true;
    if (wire.full && wire.grow()) head.reset();
    this.#await("head");
    return false;
  }

  /**
   * Whether a small body is there. It is waited for, so that the request can be sent again whole when its upstream dies: many
   * clients send head and body apart.
   */
  #isWhole(): boolean {
    const { wire, head } = this.#client;
    const { contentLength, expectsContinue } = head;
    if (contentLength <= 0 || contentLength > SMALL_BODY || expectsContinue) return true;
    if (wire.holds(head.end - wire.start + contentLength)) return true;
    head.reset();
    this.#await("body");
    return false;
  }

  /** A part of a request is there: from now on its time runs. */
  #await(awaited: "head" | "body"): void {
    const { deadlines, timeouts } = this.#options;
    if (this.#awaited === "request") this.#client.wire.deadline = deadlines.now + timeouts.head;
    this.#awaited = awaited;
  }
}
