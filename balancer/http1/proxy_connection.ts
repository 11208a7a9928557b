import type { AccessLog } from "../access_log.ts";
import { describeFailure, describeNoUpstream } from "../answer.ts";
import type { Attempt, AttemptSource, Begun, Exchange, NoUpstream, Queued } from "../attempt.ts";
import { type AttemptFailure, isIdempotent } from "../failure.ts";
import type { Monotonic } from "../monotonic.ts";
import { AnswerWriter } from "./answer_writer.ts";
import { ClientSide, type ClientSideOptions } from "./client_side.ts";
import type { Connection } from "./connection.ts";
import type { Crossing, Door } from "./door.ts";
import type { Endpoints } from "./endpoints.ts";
import { type Handler, HostedExchange } from "./hosted_exchange.ts";
import type { ListenerStats } from "./listener_stats.ts";
import { MessageError } from "./message_error.ts";
import { latin1 } from "./octets.ts";
import { type OwnAnswer, problemOctets, responseOctets } from "./own_answer.ts";
import { Relay, type RelayOptions } from "./relay.ts";
import { composeRequest, mayUpgrade } from "./request_composer.ts";
import type { RequestIds } from "./request_id.ts";
import { RequestTrace } from "./request_trace.ts";
import { RequestView } from "./request_view.ts";

/** How long a listener waits for its clients, in milliseconds. */
export interface ClientTimeouts {
  /** For the next request on a connection. */
  readonly keepAlive: number;
  /** For the whole head, from its first octet. */
  readonly head: number;
  /** For a client to leave once it was told that its connection is closed. */
  readonly linger: number;
}

/** What the connections of one listener share. */
export interface ProxyConnectionOptions extends RelayOptions {
  readonly source: AttemptSource;
  readonly endpoints: Endpoints;
  readonly door: Door | undefined;
  readonly accessLog: AccessLog | undefined;
  /** What the access log measures durations with. */
  readonly now: Monotonic;
  readonly stats: ListenerStats;
  readonly ids: RequestIds;
  /** Whether each request gets a span. */
  readonly tracing: boolean;
  readonly clientTimeouts: ClientTimeouts;
}

type Phase = "idle" | "head" | "body" | "exchange" | "closing";

/** Octets of a request's body that is waited for before an upstream is chosen. */
const SMALL_BODY = 16_384;

/** Serves one client's connection: one request after another, each passed on to an upstream. */
export class ProxyConnection {
  /** Settles when the connection is closed. Never rejects. */
  readonly closed: Promise<void>;
  readonly #options: ProxyConnectionOptions;
  readonly #client: ClientSide;
  readonly #relay: Relay;
  readonly #view: RequestView;
  readonly #onReadable = () => this.#advance();
  readonly #onLeft = () => void this.#close();
  readonly #total = { deadline: Infinity, expire: () => this.#totalExpired() };
  readonly #onClosed: () => void;
  #phase: Phase = "idle";
  #draining = false;
  #exchange: Exchange | undefined;
  #attempt: Attempt | undefined;
  #hosted: HostedExchange | undefined;
  #queued: Queued | undefined;
  #began = 0;
  #trace: RequestTrace | undefined;

  constructor(connection: Connection, options: ProxyConnectionOptions, client: ClientSideOptions) {
    this.#options = options;
    this.#client = new ClientSide(connection, client);
    this.#relay = new Relay(this.#client, options, (failure) => this.#relayed(failure));
    this.#view = new RequestView(this.#client);
    this.#client.wire.onExpire = () => this.#expired();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    this.#onClosed = resolve;
    options.stats.open++;
    options.pool.deadlines.watch(this.#client.wire);
    this.#next();
  }

  /** Ends it after the request that is being answered, or at once when there is none. */
  drain(): void {
    this.#draining = true;
    this.#client.persistent = false;
    if (this.#phase === "idle") this.cut();
  }

  /** Closes it at once. */
  cut(): void {
    this.#client.wire.cut();
    this.#relay.abort("client_gone");
    this.#hosted?.abort();
  }

  /** Waits for the next request. */
  #next(): void {
    const { pool: { deadlines }, clientTimeouts } = this.#options;
    const { wire } = this.#client;
    this.#client.begin();
    this.#view.reset();
    this.#phase = "idle";
    wire.deadline = deadlines.now + clientTimeouts.keepAlive;
    wire.onReadable = this.#onReadable;
    wire.onEnd = this.#onLeft;
    this.#advance();
  }

  /** Serves the request when its head is complete, otherwise reads on. */
  #advance(): void {
    const { wire } = this.#client;
    try {
      if (!this.#parse() || !this.#isWhole()) return wire.open ? wire.read() : void this.#close();
      wire.onReadable = wire.onEnd = undefined;
      const { door } = this.#options;
      if (door !== undefined) return this.#knock(door);
      const own = this.#begin();
      if (own !== undefined) return void this.#answerOwn(own);
      this.#exchange = this.#options.source.exchange(this.#view);
      this.#try(this.#exchange.begin());
    } catch (error) {
      if (error instanceof MessageError) return void this.#refuse(error);
      this.#options.onError(error);
      this.cut();
      void this.#close();
    }
  }

  /** Has a door decide what becomes of the request. */
  #knock(door: Door): void {
    const client = this.#client;
    const { wire: { bytes }, head, origin } = client;
    this.#frame();
    this.#beginTrace();
    // What is recorded is answered here, where all that is done for it can be seen.
    const crossing = head.hasBody || head.minor === 0 || this.#trace !== undefined
      ? undefined
      : door.open({ bytes, head, peer: origin.peer });
    if (crossing === undefined) {
      this.#hosted = this.#host();
      this.#count();
      const answer: Handler = (request, info) => door.answer(request, info);
      return void this.#answerHosted(this.#hosted, this.#trace?.around(answer) ?? answer);
    }
    this.#cross(crossing);
    this.#count();
    this.#exchange = crossing.source.exchange(this.#view);
    this.#try(this.#exchange.begin());
  }

  /** Puts the request together as its crossing has it. */
  #cross(crossing: Crossing): void {
    const client = this.#client;
    const { wire, head } = client;
    client.crossing = crossing;
    client.idempotent = head.method !== "other" ||
      isIdempotent(latin1(wire.bytes, head.methodStart, head.methodEnd));
    wire.compose();
    crossing.putRequest(wire, head);
    wire.reserve(2);
    wire.putLineEnd();
    wire.start = head.end;
  }

  /** Makes the request an object. */
  #host(): HostedExchange {
    const { pool: { deadlines }, timeouts: { idle }, onError } = this.#options;
    return new HostedExchange(this.#client, { deadlines, idle, onError });
  }

  async #answerHosted(hosted: HostedExchange, handler: Handler): Promise<void> {
    await hosted.run(handler);
    this.#finish();
  }

  /** Leads one attempt on. */
  #try(begun: Begun): void {
    switch (begun.kind) {
      case "attempt":
        this.#attempt = begun;
        return this.#relay.start(begun);
      case "queued":
        return void this.#admitted(begun).then((admitted) => this.#try(admitted));
      case "none":
        return void this.#answerNone(begun);
    }
  }

  /** An attempt is over. */
  #relayed(failure: AttemptFailure | undefined): void {
    const attempt = this.#attempt;
    if (failure === undefined) {
      attempt?.end();
      return this.#finish();
    }
    attempt?.fail(failure);
    const exchange = this.#exchange;
    if (this.#mayTryAgain() && exchange?.tryAgain(failure, this.#client)) {
      return this.#try(exchange.begin());
    }
    void this.#answerFailure(failure);
  }

  /** The request is over. */
  #finish(): void {
    const { stats, accessLog, timeouts, pool: { deadlines } } = this.#options;
    if (accessLog?.wants(this.#client.status)) this.#log(accessLog);
    this.#trace?.end(this.#client.status, this.#attempt?.upstream.id);
    this.#exchange = this.#attempt = this.#trace = undefined;
    if (timeouts.total !== Infinity) deadlines.unwatch(this.#total);
    stats.end(this.#client.status);
    if (!this.#client.persistent || !this.#client.wire.open) return void this.#close();
    this.#hosted = undefined;
    this.#next();
  }

  /** Reads on in the head of the request; answers whether it is complete. */
  #parse(): boolean {
    const { pool: { deadlines }, clientTimeouts } = this.#options;
    const { wire, head } = this.#client;
    if (wire.available === 0) {
      wire.rewind();
      return false;
    }
    if (head.parse(wire.bytes, wire.start, wire.end)) return true;
    if (wire.full && wire.grow()) head.reset();
    if (this.#phase === "idle") wire.deadline = deadlines.now + clientTimeouts.head;
    this.#phase = "head";
    return false;
  }

  /**
   * Whether a small body is there. It is waited for, so that the request can be sent again whole when its upstream dies: many
   * clients send head and body apart.
   */
  #isWhole(): boolean {
    const { pool: { deadlines }, clientTimeouts } = this.#options;
    const { wire, head } = this.#client;
    const { contentLength, expectsContinue } = head;
    if (contentLength <= 0 || contentLength > SMALL_BODY || expectsContinue) return true;
    if (wire.holds(head.end - wire.start + contentLength)) return true;
    head.reset();
    if (this.#phase === "idle") wire.deadline = deadlines.now + clientTimeouts.head;
    this.#phase = "body";
    return false;
  }

  /** Sets a request up; gives the answer when it is not passed on. */
  #begin(): Promise<Response> | undefined {
    this.#frame();
    const own = this.#own();
    if (own === undefined) this.#beginTrace();
    this.#compose();
    this.#count();
    return own;
  }

  /** Begins the request's span where its trace is recorded. */
  #beginTrace(): void {
    const { wire: { bytes }, head } = this.#client;
    if (this.#options.tracing && !head.unrecorded) this.#trace = RequestTrace.begin(bytes, head);
  }

  /** Takes from the head what the connection has to go by. */
  #frame(): void {
    const client = this.#client;
    const { wire, head, body } = client;
    wire.deadline = Infinity;
    this.#phase = "exchange";
    client.persistent = !this.#draining && !head.closes && (head.minor === 1 || head.keepsAlive);
    if (head.chunked) body.chunked();
    else if (head.contentLength > 0) body.length(head.contentLength);
  }

  /** The request is well-formed, and begins. */
  #count(): void {
    const { stats, timeouts, accessLog, now } = this.#options;
    stats.begin();
    if (accessLog !== undefined) this.#began = now();
    if (timeouts.total !== Infinity) this.#startTotal();
  }

  /** The answer of the listener itself; `undefined` when the request is passed on. */
  #own(): Promise<Response> | undefined {
    const { endpoints } = this.#options;
    const { wire: { bytes }, head } = this.#client;
    switch (head.method) {
      case "GET":
      case "HEAD":
        return endpoints.answer(bytes, head);
      case "OPTIONS":
        return head.countForward(bytes) ? undefined : Promise.resolve(notForwarded());
      case "other":
        return undefined;
    }
  }

  /** Puts the request together with as much of its body as is there; nothing of it was sent when it turns out malformed. */
  #compose(): void {
    const { ids } = this.#options;
    const { wire, head, body, origin, authority } = this.#client;
    const method = head.method;
    this.#client.idempotent = method !== "other" ||
      isIdempotent(latin1(wire.bytes, head.methodStart, head.methodEnd));
    this.#client.upgrading = mayUpgrade(wire.bytes, head);
    composeRequest(wire, head, {
      origin: origin.lines(wire.bytes, head),
      ids,
      trace: this.#trace?.line,
      authority,
    });
    wire.start = head.end;
    if (body.complete) return;
    const end = body.consume(wire.bytes, wire.start, wire.end);
    wire.reserve(end - wire.start);
    wire.copy(wire.start, end);
    wire.start = end;
    this.#client.replayable = body.complete;
  }

  #startTotal(): void {
    const { pool: { deadlines }, timeouts } = this.#options;
    this.#total.deadline = deadlines.now + timeouts.total;
    deadlines.watch(this.#total);
  }

  #log(accessLog: AccessLog): void {
    const { status, requestId } = this.#client;
    const { method, path } = this.#client.requestLine();
    accessLog.write({
      method,
      path,
      status,
      milliseconds: this.#options.now() - this.#began,
      upstream: this.#attempt?.upstream.id,
      attempts: this.#exchange?.attempts ?? 0,
      requestId: latin1(requestId, 0, requestId.length),
      client: this.#view.address,
    });
  }

  #mayTryAgain(): boolean {
    return !this.#client.answered && this.#client.wire.open;
  }

  /** Waits for a place; a client that leaves meanwhile gives it up. */
  async #admitted(queued: Queued): Promise<Attempt | NoUpstream> {
    const { wire, body } = this.#client;
    this.#queued = queued;
    wire.onEnd = () => queued.cancel();
    if (body.complete) wire.watch();
    const admitted = await queued.admitted;
    wire.onEnd = this.#queued = undefined;
    return admitted;
  }

  #totalExpired(): void {
    this.#queued?.cancel();
    this.#relay.abort("total_timeout");
  }

  #describe({ reason }: NoUpstream): OwnAnswer {
    const expired = reason === "cancelled" && this.#client.wire.open;
    return expired ? describeFailure("total_timeout") : describeNoUpstream(reason);
  }

  /** No attempt could begin. */
  async #answerNone(none: NoUpstream): Promise<void> {
    const { crossing } = this.#client;
    if (crossing === undefined) await this.#answer(this.#describe(none));
    else await this.#answerRefused(crossing.refuse(none));
  }

  async #answerRefused(response: Response): Promise<void> {
    const { pool: { deadlines }, timeouts: { idle } } = this.#options;
    const whole = await new AnswerWriter({ client: this.#client, deadlines, idle }).write(response);
    if (!whole) this.#client.persistent = false;
    this.#finish();
  }

  async #answerFailure(failure: AttemptFailure): Promise<void> {
    const client = this.#client;
    const { cause, kind } = failure;
    const refused = client.answered ? undefined : client.crossing?.refuse(failure);
    if (refused !== undefined && client.wire.open) return await this.#answerRefused(refused);
    if (client.answered || !client.wire.open) {
      // What the client has is incomplete, and only a connection that breaks off tells it so.
      if (!client.answered) client.status = describeFailure(kind).status;
      client.persistent = false;
      client.wire.cut();
      return this.#finish();
    }
    if (kind === "request_body" && cause instanceof MessageError) {
      await this.#answer({ status: cause.status, detail: cause.message });
    } else {
      await this.#answer(describeFailure(kind));
    }
  }

  /** Gives an answer of the proxy's own. */
  async #answer(answer: OwnAnswer): Promise<void> {
    const client = this.#client;
    const { wire, head, body } = client;
    if (!body.complete || answer.status === 499) client.persistent = false;
    client.status = answer.status;
    client.answered = true;
    const context = {
      requestId: client.requestId,
      close: !client.persistent,
      headOnly: head.method === "HEAD",
    };
    if (answer.status !== 499 && wire.open) await this.#write(problemOctets(answer, context));
    this.#finish();
  }

  async #answerOwn(answer: Promise<Response>): Promise<void> {
    const client = this.#client;
    const { head, requestId, body } = client;
    if (!body.complete) client.persistent = false;
    const context = { requestId, close: !client.persistent, headOnly: head.method === "HEAD" };
    const response = await answer;
    client.status = response.status;
    client.answered = true;
    await this.#write(await responseOctets(response, context));
    this.#finish();
  }

  /** Answers a request that breaks the rules; its connection is closed. */
  async #refuse({ status, message }: MessageError): Promise<void> {
    const { stats, ids } = this.#options;
    const { wire } = this.#client;
    wire.onReadable = wire.onEnd = undefined;
    stats.refuse(status);
    this.#phase = "exchange";
    const context = { requestId: ids.next(), close: true, headOnly: false };
    await this.#write(problemOctets({ status, detail: message }, context));
    await this.#close();
  }

  async #write(octets: Uint8Array): Promise<void> {
    const { pool: { deadlines }, timeouts } = this.#options;
    const { wire } = this.#client;
    wire.deadline = deadlines.now + timeouts.idle;
    await wire.write(octets);
    wire.deadline = Infinity;
  }

  /**
   * Closes in a way that lets the client read its answer: were the socket closed while octets of the client are unread, it would be
   * reset, and the answer might be lost (RFC 9112, section 9.6).
   */
  async #close(): Promise<void> {
    const { stats, pool: { deadlines }, clientTimeouts } = this.#options;
    const { wire } = this.#client;
    if (this.#phase === "closing") return;
    const told = this.#phase === "exchange";
    this.#phase = "closing";
    wire.onReadable = wire.onEnd = undefined;
    if (wire.open && told) {
      wire.deadline = deadlines.now + clientTimeouts.linger;
      await wire.endWrite();
      await this.#relay.settled();
      await this.#hosted?.settled();
      do {
        wire.start = wire.end;
        wire.rewind();
      } while (wire.open && await wire.fill());
    }
    wire.cut();
    await this.#relay.settled();
    deadlines.unwatch(wire);
    stats.open--;
    this.#onClosed();
  }

  #expired(): void {
    switch (this.#phase) {
      case "idle":
      case "closing":
        return this.#client.wire.cut();
      case "head":
        return void this.#refuse(new MessageError(408, "The head of the request did not come in time"));
      case "body":
        return void this.#refuse(new MessageError(408, "The body of the request did not come in time"));
      case "exchange":
        if (this.#hosted === undefined) return this.#relay.clientExpired();
        return this.cut();
    }
  }
}

/** Answers an `OPTIONS` request that may not be forwarded any more (RFC 9110, section 7.6.2). */
function notForwarded(): Response {
  return new Response(null, {
    status: 204,
    headers: { allow: "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT" },
  });
}
