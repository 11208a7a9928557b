import { BodyFraming } from "./body_framing.ts";
import type { ClientOrigin } from "./client_origin.ts";
import type { Connection } from "./connection.ts";
import type { Crossing } from "./door.ts";
import type { HeadLimits } from "./head_limits.ts";
import { latin1, SP } from "./octets.ts";
import { RequestHead, type RequestRules } from "./request_head.ts";
import { Wire } from "./wire.ts";

/** What an idle connection holds. Most heads fit; the buffer grows for those that do not. */
const SIZES = { input: 2_048, growth: 512 };

/** What a client's connection is read with. */
export interface ClientSideOptions {
  readonly origin: ClientOrigin;
  readonly limits: HeadLimits;
  readonly rules: RequestRules;
  /** `Host` for a request of HTTP/1.0 without one. */
  readonly authority: Uint8Array;
  /** Octets that were read from the connection already. @default none */
  readonly received?: Uint8Array<ArrayBuffer> | undefined;
}

const NO_ID = new Uint8Array(0);

/** A client's connection with the request that is being read from it or answered on it. */
export class ClientSide {
  readonly wire: Wire;
  readonly head: RequestHead;
  /** The framing of the request's body. */
  readonly body: BodyFraming = new BodyFraming();
  readonly origin: ClientOrigin;
  readonly authority: Uint8Array;
  /** Whether another request may follow. */
  persistent = true;
  /** Whether the request asks to leave HTTP, in a way that is passed on. */
  upgrading = false;
  /** Whether the method is idempotent. */
  idempotent = true;
  /** Whether all of the request was put together, so that it can be sent again. */
  replayable = true;
  /** The status of the final answer. */
  status = 0;
  /** Whether octets of the final answer were written. */
  answered = false;
  /** How a door has let the request pass. */
  crossing: Crossing | undefined;

  #requestId: Uint8Array = NO_ID;

  constructor(
    connection: Connection,
    options: ClientSideOptions,
  ) {
    this.wire = new Wire(connection, SIZES);
    this.head = new RequestHead(options.limits, options.rules);
    this.origin = options.origin;
    this.authority = options.authority;
    if (options.received !== undefined) this.wire.unread(options.received);
  }

  /** Forgets the request, so that the next one can be read. */
  begin(): void {
    this.wire.shrink();
    this.head.reset();
    this.body.none();
    this.persistent = this.replayable = true;
    this.answered = this.upgrading = false;
    this.status = 0;
    this.crossing = undefined;
  }

  /** Method and path, without the query, of the request that was put together. */
  requestLine(): { readonly method: string; readonly path: string } {
    const { bytes, outStart } = this.wire;
    const methodEnd = bytes.indexOf(SP, outStart);
    const target = latin1(bytes, methodEnd + 1, bytes.indexOf(SP, methodEnd + 1));
    return { method: latin1(bytes, outStart, methodEnd), path: target.replace(/\?.*/, "") };
  }

  /** The id of the request that was put together. Ids made here have one length, so that the last view is kept. */
  get requestId(): Uint8Array {
    const { wire: { bytes }, head: { requestIdStart: start, requestIdEnd: end } } = this;
    const last = this.#requestId;
    if (last.byteOffset === start && last.length === end - start && last.buffer === bytes.buffer) return last;
    return this.#requestId = bytes.subarray(start, end);
  }
}
