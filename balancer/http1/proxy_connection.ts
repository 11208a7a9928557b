import type { TraceGate } from "@flotilla/runtime";
import type { AccessLog } from "../access_log.ts";
import type { Attempt, AttemptSource, Begun, Exchange, NoUpstream, Queued } from "../attempt.ts";
import type { AttemptFailure } from "../failure.ts";
import type { Monotonic } from "../monotonic.ts";
import { ClientSide, type ClientSideOptions } from "./client_side.ts";
import type { Connection } from "./connection.ts";
import { composeCrossed, composeProxied } from "./client_request.ts";
import type { Crossing, Door, Knock, Reply } from "./door.ts";
import type { Endpoints } from "./endpoints.ts";
import { type Handler, HostedExchange } from "./hosted_exchange.ts";
import type { ListenerStats } from "./listener_stats.ts";
import { MessageError } from "./message_error.ts";
import { latin1 } from "./octets.ts";
import { OwnAnswers } from "./own_answers.ts";
import { Relay, type RelayOptions } from "./relay.ts";
import { ReplyWriter } from "./reply_writer.ts";
import type { RequestIds } from "./request_id.ts";
import { RequestTrace } from "./request_trace.ts";
import { RequestView } from "./request_view.ts";
import { asksForTrunk, TRUNK_ACCEPTED } from "./trunk_request.ts";

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
  /** Which requests begin a trace; `undefined` when nothing is recorded. */
  readonly traces: TraceGate | undefined;
  readonly clientTimeouts: ClientTimeouts;
}

/** What a connection is served with. */
export interface ServedConnectionOptions extends ClientSideOptions {
  /** Takes the connection, with what came after the request, when the client makes a trunk of it. @default no client may */
  readonly onTrunk?: ((received: Uint8Array) => void) | undefined;
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
  readonly #answers: OwnAnswers;
  readonly #relay: Relay;
  readonly #view: RequestView;
  readonly #onReadable = () => this.#advance();
  readonly #onLeft = () => void this.#close();
  readonly #total = { deadline: Infinity, expire: () => this.#totalExpired() };
  readonly #replies: ReplyWriter;
  readonly #onClosed: () => void;
  #phase: Phase = "idle";
  #draining = false;
  #exchange: Exchange | undefined;
  #attempt: Attempt | undefined;
  #hosted: HostedExchange | undefined;
  #queued: Queued | undefined;
  #began = 0;
  #trace: RequestTrace | undefined;
  readonly #onTrunk: ((received: Uint8Array) => void) | undefined;

  constructor(connection: Connection, options: ProxyConnectionOptions, client: ServedConnectionOptions) {
    this.#options = options;
    this.#onTrunk = client.onTrunk;
    this.#client = new ClientSide(connection, client);
    const { pool: { deadlines }, timeouts: { idle }, ids } = options;
    this.#answers = new OwnAnswers(this.#client, { deadlines, idle, ids });
    this.#replies = new ReplyWriter(this.#client, {
      deadlines,
      idle,
      onResponse: (response) => void this.#finishAfter(this.#answers.response(response)),
      onFinish: () => this.#finish(),
      onFailed: (error) => this.#replyFailed(error),
    });
    this.#relay = new Relay(this.#client, options, (failure) => this.#relayed(failure));
    this.#view = new RequestView(this.#client);
    this.#client.wire.onExpire = () => this.#expired();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    this.#onClosed = resolve;
    options.stats.open++;
    deadlines.watch(this.#client.wire);
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
      if (this.#onTrunk !== undefined && asksForTrunk(wire.bytes, this.#client.head)) {
        return void this.#handOver(this.#onTrunk);
      }
      const { door } = this.#options;
      if (door !== undefined) return this.#knock(door);
      const own = this.#begin();
      if (own !== undefined) return void this.#finishAfter(this.#answers.endpoint(own));
      this.#exchange = this.#options.source.exchange(this.#view);
      this.#try(this.#exchange.begin());
    } catch (error) {
      if (error instanceof MessageError) return void this.#refuse(error);
      this.#options.onError(error);
      this.cut();
      void this.#close();
    }
  }

  /** Makes a trunk of the connection: whoever takes it sees to it from now on. */
  async #handOver(take: (received: Uint8Array) => void): Promise<void> {
    const { stats, pool: { deadlines }, clientTimeouts } = this.#options;
    const { wire, head } = this.#client;
    this.#phase = "closing";
    wire.deadline = deadlines.now + clientTimeouts.head;
    const received = wire.bytes.slice(head.end, wire.end);
    if (await wire.write(TRUNK_ACCEPTED)) take(received);
    else wire.cut();
    deadlines.unwatch(wire);
    stats.open--;
    this.#onClosed();
  }

  /** Has a door decide what becomes of the request. */
  #knock(door: Door): void {
    const client = this.#client;
    const { wire: { bytes }, head, origin } = client;
    this.#frame();
    this.#beginTrace();
    const knock = { bytes, head, peer: origin.peer };
    const trace = this.#trace;
    const opened = trace === undefined ? this.#ask(door, knock) : trace.run(() => this.#ask(door, knock));
    if (opened === undefined) {
      this.#hosted = this.#host();
      this.#count();
      const answer: Handler = (request, info) => door.answer(request, info);
      return void this.#finishAfter(
        this.#hosted.run(trace === undefined ? answer : (...given) => trace.run(() => answer(...given))),
      );
    }
    if (opened.kind === "reply") {
      this.#count();
      return this.#replies.give(opened);
    }
    composeCrossed(client, opened);
    this.#count();
    this.#exchange = opened.source.exchange(this.#view);
    this.#try(this.#exchange.begin());
  }

  #ask(door: Door, knock: Knock): Crossing | Reply | undefined {
    const { wire, head, body } = this.#client;
    if (head.minor === 0) return undefined;
    if (!head.hasBody) return door.open(knock);
    return body.remaining <= wire.end - head.end ? door.turnAway?.(knock) : undefined;
  }

  #replyFailed(error: unknown): void {
    this.#options.onError(error);
    this.cut();
    this.#finish();
  }

  /** Makes the request an object. */
  #host(): HostedExchange {
    const { pool: { deadlines }, timeouts: { idle }, onError } = this.#options;
    return new HostedExchange(this.#client, { deadlines, idle, onError });
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
        return void this.#finishAfter(this.#answers.none(begun));
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
    void this.#finishAfter(this.#answers.failure(failure));
  }

  /** The request is over. */
  #finish(): void {
    const { stats, accessLog, timeouts, pool: { deadlines } } = this.#options;
    if (accessLog?.wants(this.#client.status)) this.#log(accessLog);
    this.#endTrace();
    this.#exchange = this.#attempt = undefined;
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
    composeProxied(this.#client, { ids: this.#options.ids, trace: this.#trace?.line });
    this.#count();
    return own;
  }

  /** Begins the request's span where its trace is recorded. */
  #beginTrace(): void {
    const { traces: gate } = this.#options;
    const { wire: { bytes }, head, origin: { trusted } } = this.#client;
    if (gate !== undefined && !head.unrecorded) {
      this.#trace = RequestTrace.begin(bytes, head, { trusted, gate });
    }
  }

  #endTrace(): void {
    this.#trace?.end(this.#client.status, this.#attempt?.upstream.id);
    this.#trace = undefined;
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

  /** Answers a request that breaks the rules; its connection is closed. */
  async #refuse(error: MessageError): Promise<void> {
    const { wire } = this.#client;
    wire.onReadable = wire.onEnd = undefined;
    this.#options.stats.refuse(error.status);
    this.#client.status = error.status;
    this.#phase = "exchange";
    await this.#answers.refusal(error);
    await this.#close();
  }

  /** The request is over as soon as the client was told. */
  async #finishAfter(answer: Promise<void>): Promise<void> {
    await answer;
    this.#finish();
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
    // That of a request which was refused, or could not be begun.
    this.#endTrace();
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
