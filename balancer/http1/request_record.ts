import type { TraceGate } from "@flotilla/runtime";
import type { AccessLog } from "../access_log.ts";
import type { Monotonic } from "../monotonic.ts";
import type { ClientSide } from "./client_side.ts";
import type { ListenerStats } from "./listener_stats.ts";
import { latin1 } from "./octets.ts";
import { RequestTrace } from "./request_trace.ts";
import type { RequestView } from "./request_view.ts";

/** What the requests of one listener are recorded with. */
export interface RequestRecordOptions {
  readonly stats: ListenerStats;
  readonly accessLog: AccessLog | undefined;
  /** What the access log measures durations with. */
  readonly now: Monotonic;
  /** Which requests begin a trace; `undefined` when nothing is recorded. */
  readonly traces: TraceGate | undefined;
}

/** Where a request went. */
export interface RequestCourse {
  /** The upstream of the last attempt. */
  readonly upstream: string | undefined;
  readonly attempts: number;
}

/** What is kept of the requests of a client's connection for those who operate the listener: counts, a line in the log, a span. */
export class RequestRecord {
  /** The span of the request, where its trace is recorded. */
  trace: RequestTrace | undefined;
  readonly #client: ClientSide;
  readonly #view: RequestView;
  readonly #options: RequestRecordOptions;
  #began = 0;

  constructor(client: ClientSide, view: RequestView, options: RequestRecordOptions) {
    this.#client = client;
    this.#view = view;
    this.#options = options;
  }

  /** Begins the request's span where its trace is recorded. */
  beginTrace(): void {
    const { traces: gate } = this.#options;
    const { wire: { bytes }, head, origin: { trusted } } = this.#client;
    if (gate !== undefined && !head.unrecorded) {
      this.trace = RequestTrace.begin(bytes, head, { trusted, gate });
    }
  }

  endTrace(upstream?: string): void {
    this.trace?.end(this.#client.status, upstream);
    this.trace = undefined;
  }

  /** The request is well-formed, and begins. */
  begin(): void {
    const { stats, accessLog, now } = this.#options;
    stats.begin();
    if (accessLog !== undefined) this.#began = now();
  }

  /** The request is over. */
  end(course: RequestCourse): void {
    const { stats, accessLog } = this.#options;
    const { status } = this.#client;
    if (accessLog?.wants(status)) this.#log(accessLog, course);
    this.endTrace(course.upstream);
    stats.end(status);
  }

  /** The request breaks a rule. */
  refuse(status: number): void {
    this.#client.status = status;
    this.#options.stats.refuse(status);
  }

  #log(accessLog: AccessLog, { upstream, attempts }: RequestCourse): void {
    const { status, requestId } = this.#client;
    const { method, path } = this.#client.requestLine();
    accessLog.write({
      method,
      path,
      status,
      milliseconds: this.#options.now() - this.#began,
      upstream,
      attempts,
      requestId: latin1(requestId, 0, requestId.length),
      client: this.#view.address,
    });
  }
}
