import type { AttemptSource } from "../attempt.ts";
import { composeCrossed, composeProxied } from "./client_request.ts";
import { ClientSide, type ClientSideOptions } from "./client_side.ts";
import type { Connection } from "./connection.ts";
import type { Crossing, Door, Knock, Reply } from "./door.ts";
import type { Endpoints } from "./endpoints.ts";
import { ExchangeLeader } from "./exchange_leader.ts";
import { type Handler, HostedExchange } from "./hosted_exchange.ts";
import { MessageError } from "./message_error.ts";
import { OwnAnswers } from "./own_answers.ts";
import type { RelayOptions } from "./relay.ts";
import { ReplyWriter } from "./reply_writer.ts";
import type { RequestIds } from "./request_id.ts";
import { type ClientTimeouts, RequestReceiver } from "./request_receiver.ts";
import { RequestRecord, type RequestRecordOptions } from "./request_record.ts";
import { RequestView } from "./request_view.ts";
import { asksForTrunk, TRUNK_ACCEPTED } from "./trunk_request.ts";

/** What the connections of one listener share. */
export interface ProxyConnectionOptions extends RelayOptions, RequestRecordOptions {
  readonly source: AttemptSource;
  readonly endpoints: Endpoints;
  readonly door: Door | undefined;
  readonly ids: RequestIds;
  readonly clientTimeouts: ClientTimeouts;
}

/** What a connection is served with. */
export interface ServedConnectionOptions extends ClientSideOptions {
  /** Takes the connection, with what came after the request, when the client makes a trunk of it. @default no client may */
  readonly onTrunk?: ((received: Uint8Array) => void) | undefined;
}

type Phase = "receiving" | "exchange" | "closing";

/** Serves one client's connection: one request after another, each answered here or passed on to an upstream. */
export class ProxyConnection {
  /** Settles when the connection is closed. Never rejects. */
  readonly closed: Promise<void>;
  readonly #options: ProxyConnectionOptions;
  readonly #client: ClientSide;
  readonly #receiver: RequestReceiver;
  readonly #record: RequestRecord;
  readonly #answers: OwnAnswers;
  readonly #leader: ExchangeLeader;
  readonly #view: RequestView;
  readonly #replies: ReplyWriter;
  readonly #onClosed: () => void;
  readonly #onTrunk: ((received: Uint8Array) => void) | undefined;
  #phase: Phase = "receiving";
  #draining = false;
  #hosted: HostedExchange | undefined;

  constructor(connection: Connection, options: ProxyConnectionOptions, client: ServedConnectionOptions) {
    this.#options = options;
    this.#onTrunk = client.onTrunk;
    this.#client = new ClientSide(connection, client);
    this.#view = new RequestView(this.#client);
    this.#record = new RequestRecord(this.#client, this.#view, options);
    const { pool: { deadlines }, timeouts: { idle }, ids } = options;
    this.#answers = new OwnAnswers(this.#client, { deadlines, idle, ids });
    this.#receiver = this.#createReceiver();
    this.#leader = this.#createLeader();
    this.#replies = this.#createReplies();
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
    if (this.#receiver.awaited === "request") this.cut();
  }

  /** Closes it at once. */
  cut(): void {
    this.#client.wire.cut();
    this.#leader.abort("client_gone");
    this.#hosted?.abort();
  }

  #createReceiver(): RequestReceiver {
    const { pool: { deadlines }, clientTimeouts: timeouts } = this.#options;
    return new RequestReceiver(this.#client, {
      deadlines,
      timeouts,
      onRequest: () => this.#serve(),
      onLeft: () => void this.#close(),
      onError: (error) => this.#failed(error),
    });
  }

  #createLeader(): ExchangeLeader {
    return new ExchangeLeader(this.#client, this.#options, {
      onPassed: () => this.#finish(),
      onFailed: (failure) => void this.#finishAfter(this.#answers.failure(failure)),
      onNone: (none) => void this.#finishAfter(this.#answers.none(none)),
    });
  }

  #createReplies(): ReplyWriter {
    const { pool: { deadlines }, timeouts: { idle } } = this.#options;
    return new ReplyWriter(this.#client, {
      deadlines,
      idle,
      onResponse: (response) => void this.#finishAfter(this.#answers.response(response)),
      onFinish: () => this.#finish(),
      onFailed: (error) => this.#replyFailed(error),
    });
  }

  /** Waits for the next request. */
  #next(): void {
    this.#client.begin();
    this.#view.reset();
    this.#phase = "receiving";
    this.#receiver.next();
  }

  /** Serves the request that is there. */
  #serve(): void {
    const { door, source } = this.#options;
    if (this.#onTrunk !== undefined && asksForTrunk(this.#client.wire.bytes, this.#client.head)) {
      return void this.#handOver(this.#onTrunk);
    }
    if (door !== undefined) return this.#knock(door);
    const own = this.#begin();
    if (own !== undefined) return void this.#finishAfter(this.#answers.endpoint(own));
    this.#leader.start(source.exchange(this.#view));
  }

  /** What came breaks the rules, or this program has made a mistake with it. */
  #failed(error: unknown): void {
    if (error instanceof MessageError) return void this.#refuse(error);
    this.#options.onError(error);
    this.cut();
    void this.#close();
  }

  /** Makes a trunk of the connection: whoever takes it sees to it from now on. */
  async #handOver(take: (received: Uint8Array) => void): Promise<void> {
    const { stats, pool: { deadlines }, clientTimeouts } = this.#options;
    const { wire, head } = this.#client;
    this.#phase = "closing";
    wire.deadline = deadlines.now + clientTimeouts.head;
    wire.waiting = false;
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
    this.#record.beginTrace();
    const knock = { bytes, head, peer: origin.peer };
    const { trace } = this.#record;
    const opened = trace === undefined ? this.#ask(door, knock) : trace.run(() => this.#ask(door, knock));
    if (opened === undefined) {
      this.#hosted = this.#host();
      this.#record.begin();
      const answer: Handler = (request, info) => door.answer(request, info);
      return void this.#finishAfter(
        this.#hosted.run(trace === undefined ? answer : (...given) => trace.run(() => answer(...given))),
      );
    }
    if (opened.kind === "reply") {
      this.#record.begin();
      return this.#replies.give(opened);
    }
    composeCrossed(client, opened);
    this.#record.begin();
    this.#leader.start(opened.source.exchange(this.#view));
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

  /** The request is over. */
  #finish(): void {
    this.#record.end(this.#leader);
    this.#leader.end();
    if (!this.#client.persistent || !this.#client.wire.open) return void this.#close();
    this.#hosted = undefined;
    this.#next();
  }

  /** Sets a request up; gives the answer when it is not passed on. */
  #begin(): Promise<Response> | undefined {
    const { wire: { bytes }, head } = this.#client;
    this.#frame();
    const own = this.#options.endpoints.answer(bytes, head);
    if (own === undefined) this.#record.beginTrace();
    composeProxied(this.#client, { ids: this.#options.ids, trace: this.#record.trace?.line });
    this.#record.begin();
    return own;
  }

  /** Takes from the head what the connection has to go by. */
  #frame(): void {
    const client = this.#client;
    const { head, body } = client;
    this.#phase = "exchange";
    client.persistent = !this.#draining && !head.closes && (head.minor === 1 || head.keepsAlive);
    if (head.chunked) body.chunked();
    else if (head.contentLength > 0) body.length(head.contentLength);
  }

  /** Answers a request that breaks the rules; its connection is closed. */
  async #refuse(error: MessageError): Promise<void> {
    this.#receiver.stop();
    this.#record.refuse(error.status);
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
    this.#record.endTrace();
    this.#receiver.stop();
    if (wire.open && told) {
      wire.deadline = deadlines.now + clientTimeouts.linger;
      await wire.endWrite();
      await this.#leader.settled();
      await this.#hosted?.settled();
      do {
        wire.start = wire.end;
        wire.rewind();
      } while (wire.open && await wire.fill());
    }
    wire.cut();
    await this.#leader.settled();
    deadlines.unwatch(wire);
    stats.open--;
    this.#onClosed();
  }

  #expired(): void {
    if (this.#phase === "exchange") return this.#exchangeExpired();
    const { awaited } = this.#receiver;
    if (awaited === "nothing" || awaited === "request") return this.#client.wire.cut();
    void this.#refuse(new MessageError(408, `The ${awaited} of the request did not come in time`));
  }

  #exchangeExpired(): void {
    if (this.#hosted === undefined) this.#leader.clientExpired();
    else this.cut();
  }
}
