import type { Attempt, Begun, Exchange, NoUpstream, Queued } from "../attempt.ts";
import type { AttemptFailure, FailureKind } from "../failure.ts";
import type { ClientSide } from "./client_side.ts";
import { Relay, type RelayOptions } from "./relay.ts";

/** Told how an exchange has ended, by one call of these. */
export interface ExchangeEnds {
  /** The answer of an upstream was passed on. */
  onPassed(): void;
  /** The last attempt has failed. */
  onFailed(failure: AttemptFailure): void;
  /** No attempt could begin. */
  onNone(none: NoUpstream): void;
}

/** Leads the requests of a client's connection through their attempts, one request at a time. */
export class ExchangeLeader {
  readonly #client: ClientSide;
  readonly #options: RelayOptions;
  readonly #ends: ExchangeEnds;
  readonly #relay: Relay;
  readonly #total = { deadline: Infinity, expire: () => this.#totalExpired() };
  #exchange: Exchange | undefined;
  #attempt: Attempt | undefined;
  #queued: Queued | undefined;

  constructor(client: ClientSide, options: RelayOptions, ends: ExchangeEnds) {
    this.#client = client;
    this.#options = options;
    this.#ends = ends;
    this.#relay = new Relay(client, options, (failure) => this.#relayed(failure));
  }

  /** The upstream of the last attempt. */
  get upstream(): string | undefined {
    return this.#attempt?.upstream.id;
  }

  /** How many attempts there were. */
  get attempts(): number {
    return this.#exchange?.attempts ?? 0;
  }

  /** Leads the request that was put together through its exchange. */
  start(exchange: Exchange): void {
    const { timeouts: { total }, pool: { deadlines } } = this.#options;
    if (total !== Infinity) {
      this.#total.deadline = deadlines.now + total;
      deadlines.watch(this.#total);
    }
    this.#exchange = exchange;
    this.#try(exchange.begin());
  }

  /** The request is over. */
  end(): void {
    const { timeouts: { total }, pool: { deadlines } } = this.#options;
    if (total !== Infinity) deadlines.unwatch(this.#total);
    this.#exchange = this.#attempt = undefined;
  }

  /** Ends the attempt under way with this kind of failure. */
  abort(kind: FailureKind): void {
    this.#relay.abort(kind);
  }

  /** The client took too long: to send its body, or to read the answer. */
  clientExpired(): void {
    this.#relay.clientExpired();
  }

  /** Settles when no read of a body is under way any more. */
  async settled(): Promise<void> {
    await this.#relay.settled();
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
        return this.#ends.onNone(begun);
    }
  }

  /** An attempt is over. */
  #relayed(failure: AttemptFailure | undefined): void {
    const attempt = this.#attempt;
    if (failure === undefined) {
      attempt?.end();
      return this.#ends.onPassed();
    }
    attempt?.fail(failure);
    const exchange = this.#exchange;
    if (this.#mayTryAgain() && exchange?.tryAgain(failure, this.#client)) {
      return this.#try(exchange.begin());
    }
    this.#ends.onFailed(failure);
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
}
