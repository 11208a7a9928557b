import { REQUEST_ID_HEADER, requestId } from "./request_id.ts";
import { continueTrace, type TraceContext } from "./trace_context.ts";

/** Milliseconds that the caller will still wait for the head of the answer; each hop passes on what is left. */
export const TIMEOUT_HEADER = "x-flotilla-timeout";

/** What a handler knows of a request besides the request. */
export interface RequestContext {
  /** Well-formed, and the same at every hop. */
  readonly requestId: string;
  /** This hop's place in the trace. */
  readonly trace: TraceContext;
  /** Which instance answers. */
  readonly instance: string;
  /** The address at the other end of the connection, when there is one. */
  readonly peer: string | undefined;
  /** Aborted when this role begins to drain: an answer without an end (server-sent events) ends itself then. */
  readonly draining: AbortSignal;
  /**
   * Milliseconds for which the caller still waits for the head of the answer, by what it said when it called: work that
   * takes longer is done for nobody. `Infinity` when it did not say.
   */
  timeLeft(): number;
  /** The pattern of the route that answers, set by the handler: the label of its metrics. @default "other" */
  route?: string;
  /**
   * The fields that every answer carries, for a handler that makes its answer with them: it is then sent as it is, which
   * is cheaper than to add them. The role adds them to the answer of a handler that has not asked for them.
   */
  identify(): IdentityFields;
}

/** What every answer says of itself. */
export type IdentityFields = {
  readonly "x-request-id": string;
  readonly "x-served-by": string;
};

/** What the server tells of a request's connection: a part of `Deno.ServeHandlerInfo`. */
export interface ServeInfo {
  readonly remoteAddr: Deno.Addr;
}

/** The peer's IP address, or `undefined` when there is no network beneath (in a test, or a Unix socket). */
export function peerAddress(info: ServeInfo | undefined): string | undefined {
  const address = info?.remoteAddr;
  return address !== undefined && "hostname" in address ? address.hostname : undefined;
}

/** The context of a request that a server received. What few handlers ask for is looked up when it is asked for. */
export class ServedContext implements RequestContext {
  readonly requestId: string;
  readonly instance: string;
  readonly draining: AbortSignal;
  route?: string;
  /** Whether the handler has taken the identity fields. */
  identified = false;
  readonly #headers: Headers;
  readonly #info: ServeInfo | undefined;
  readonly #arrived = performance.now();
  #trace: TraceContext | undefined;

  constructor(
    request: Request,
    options: { instance: string; draining: AbortSignal; info: ServeInfo | undefined },
  ) {
    this.#headers = request.headers;
    this.#info = options.info;
    this.requestId = requestId(request.headers.get(REQUEST_ID_HEADER));
    this.instance = options.instance;
    this.draining = options.draining;
  }

  get trace(): TraceContext {
    return this.#trace ??= continueTrace(this.#headers);
  }

  get peer(): string | undefined {
    return peerAddress(this.#info);
  }

  timeLeft(): number {
    const given = this.#headers.get(TIMEOUT_HEADER);
    if (given === null || !/^\d{1,9}$/.test(given)) return Infinity;
    return Math.max(0, Number(given) - (performance.now() - this.#arrived));
  }

  identify(): IdentityFields {
    this.identified = true;
    return { "x-request-id": this.requestId, "x-served-by": this.instance };
  }
}
