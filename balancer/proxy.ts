import {
  type Clock,
  peerAddress,
  ProblemError,
  problemResponse,
  REQUEST_ID_HEADER,
  requestId,
  sampledTraceparent,
  type ServeInfo,
} from "@flotilla/runtime";
import { describeFailure, describeNoUpstream, type FailureAnswer } from "./answer.ts";
import type { AccessLog } from "./access_log.ts";
import type { Attempt, AttemptSource, Begun, Exchange, NoUpstream, Queued } from "./attempt.ts";
import { AttemptError, type AttemptFailure, failureOf, isIdempotent, type Replay } from "./failure.ts";
import type { Monotonic } from "./monotonic.ts";
import { answerFields, HeadersContext, type PassOnRules, requestFields } from "./passed_fields.ts";
import { ReplayBody } from "./replay_body.ts";
import { PassedBody } from "./response_body.ts";
import type { Transport } from "./transports/transport.ts";
import { Watchdog } from "./watchdog.ts";

/** What a proxy works with. */
export interface ProxyOptions {
  readonly source: AttemptSource;
  readonly transport: Transport;
  readonly rules: PassOnRules;
  /** Bytes of a request's body that are kept for another attempt. */
  readonly bodyBytes: number;
  readonly clock: Clock;
  readonly now: Monotonic;
  readonly accessLog: AccessLog;
  /** Aborted when the balancer is closed. */
  readonly closing: AbortSignal;
}

/** Passes a request on and the answer back. */
export function createProxy(
  options: ProxyOptions,
): (request: Request, info?: ServeInfo) => Promise<Response> {
  return (request, info) => new ProxiedRequest(request, info, options).run();
}

/** One request on its way: what is the same for all its attempts. */
class ProxiedRequest {
  readonly #options: ProxyOptions;
  readonly #request: Request;
  readonly #id: string;
  readonly #peer: string | undefined;
  readonly #body: ReplayBody | undefined;
  readonly #replay: () => Replay;
  /** Ends the attempt that runs now; its reason is an `AttemptError`. */
  #abort: AbortController | undefined;
  #passed: PassedBody | undefined;
  #queued: Queued | undefined;
  /** Once set, no further attempt is made. */
  #over: AttemptFailure | undefined;
  readonly #total: Watchdog;
  readonly #begun: number;
  #exchange: Exchange | undefined;
  #upstream: string | undefined;
  readonly #onClientGone = () => this.#stop({ kind: "client_gone", cause: this.#request.signal.reason });
  readonly #onClosing = () => this.#stop({ kind: "reset", cause: this.#options.closing.reason });

  constructor(request: Request, info: ServeInfo | undefined, options: ProxyOptions) {
    this.#options = options;
    this.#begun = options.now();
    this.#request = request;
    this.#peer = peerAddress(info);
    this.#id = requestId(request.headers.get(REQUEST_ID_HEADER));
    this.#body = request.body === null ? undefined : new ReplayBody(request.body, options.bodyBytes);
    const idempotent = isIdempotent(request.method);
    this.#replay = () => ({ idempotent, replayable: this.#body?.replayable ?? true });
    this.#total = new Watchdog(options.source.timeouts.total, {
      ...options,
      bark: () => this.#stop({ kind: "total_timeout" }),
    });
    request.signal.addEventListener("abort", this.#onClientGone);
    options.closing.addEventListener("abort", this.#onClosing);
  }

  async run(): Promise<Response> {
    const exchange = this.#exchange = this.#options.source.exchange(this.#context());
    while (true) {
      const begun = await this.#admitted(exchange.begin());
      if (begun.kind === "none") {
        const none = describeNoUpstream(begun.reason);
        return this.#refuse(this.#over === undefined ? none : describeFailure(this.#over.kind));
      }
      const outcome = await this.#attempt(begun);
      if (outcome instanceof Response) return outcome;
      const again = this.#over === undefined && exchange.tryAgain(outcome, this.#replay());
      if (!again) return this.#refuse(describeFailure((this.#over ?? outcome).kind));
    }
  }

  #context(): HeadersContext {
    const { trusted } = this.#options.rules;
    return new HeadersContext(this.#request.headers, { peer: this.#peer, trusted });
  }

  async #admitted(begun: Begun): Promise<Attempt | NoUpstream> {
    if (begun.kind !== "queued") return begun;
    this.#queued = begun;
    const admitted = await begun.admitted;
    this.#queued = undefined;
    return admitted;
  }

  /** Tries one upstream: gives the answer to pass on, or how it failed. */
  async #attempt(attempt: Attempt): Promise<Response | AttemptFailure> {
    const { source: { timeouts }, transport } = this.#options;
    const abort = this.#abort = new AbortController();
    const give = (failure: AttemptFailure) => abort.abort(new AttemptError(failure));
    if (this.#over !== undefined) give(this.#over);
    attempt.onLost = () => {
      if (this.#replay().idempotent && this.#replay().replayable) give({ kind: "upstream_lost" });
    };
    const firstByte = new Watchdog(timeouts.firstByte, {
      ...this.#options,
      bark: () => give({ kind: "first_byte_timeout" }),
    });
    try {
      const response = await transport.send(this.#upstreamRequest(firstByte), {
        upstream: attempt.upstream,
        signal: abort.signal,
        timeouts,
      });
      attempt.responded(response.status);
      this.#upstream = attempt.upstream.id;
      return this.#pass(response, attempt);
    } catch (thrown) {
      const failure = abort.signal.aborted ? failureOf(abort.signal.reason) : failureOf(thrown);
      attempt.fail(failure);
      return failure;
    } finally {
      firstByte.stop();
    }
  }

  #upstreamRequest(progress: Watchdog) {
    const { url, headers, method } = this.#request;
    const { rules } = this.#options;
    const start = url.indexOf("/", url.indexOf("//") + 2);
    const fragment = url.indexOf("#");
    const arrival = {
      peer: this.#peer,
      protocol: url.slice(0, url.indexOf(":")),
      host: headers.get("host") ?? url.slice(url.indexOf("//") + 2, start),
    };
    const fields = requestFields(headers, { arrival, requestId: this.#id, rules });
    fields.set("host", arrival.host);
    const trace = sampledTraceparent();
    if (trace !== undefined) fields.set("traceparent", trace);
    return {
      method,
      target: fragment < 0 ? url.slice(start) : url.slice(start, fragment),
      headers: fields,
      body: this.#body?.open(() => progress.touch()) ?? null,
    };
  }

  #pass(response: Response, attempt: Attempt): Response {
    const { rules, source } = this.#options;
    const { status, statusText, body } = response;
    const headers = answerFields(response.headers, { requestId: this.#id, rules });
    const bodiless = this.#request.method === "HEAD" || status === 204 || status === 205 || status === 304;
    if (body === null || bodiless) {
      void body?.cancel();
      attempt.end();
      this.#finish(status);
      return new Response(null, { status, statusText, headers });
    }
    const passed = this.#passed = new PassedBody(body, {
      ...this.#options,
      idle: source.timeouts.idle,
      onEnd: () => {
        attempt.end();
        this.#finish(status);
      },
      onFailure: (failure) => {
        const cause = this.#over ?? failure;
        attempt.fail(cause);
        this.#abort?.abort();
        this.#finish(describeFailure(cause.kind).status);
      },
    });
    return new Response(passed.stream, { status, statusText, headers });
  }

  #stop(failure: AttemptFailure): void {
    this.#over ??= failure;
    this.#queued?.cancel();
    if (this.#passed === undefined) this.#abort?.abort(new AttemptError(failure));
    else this.#passed.breakOff(failure);
  }

  #finish(status: number): void {
    this.#total.stop();
    this.#request.signal.removeEventListener("abort", this.#onClientGone);
    this.#options.closing.removeEventListener("abort", this.#onClosing);
    void this.#body?.discard();
    if (this.#options.accessLog.wants(status)) this.#log(status);
  }

  #log(status: number): void {
    const { method, url } = this.#request;
    this.#options.accessLog.write({
      method,
      path: new URL(url).pathname,
      status,
      milliseconds: this.#options.now() - this.#begun,
      upstream: this.#upstream,
      attempts: this.#exchange?.attempts ?? 0,
      requestId: this.#id,
      client: this.#context().address,
    });
  }

  #refuse({ status, title, detail, retryAfter }: FailureAnswer): Response {
    this.#finish(status);
    const headers = new Headers(retryAfter === undefined ? [] : [["retry-after", String(retryAfter)]]);
    headers.set(REQUEST_ID_HEADER, this.#id);
    return problemResponse(new ProblemError(status, detail, { title, headers }), this.#id);
  }
}
