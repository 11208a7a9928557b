import { beginServerSpan, type BegunSpan, readTraceparent, type TraceGate } from "@flotilla/runtime";
import { ascii, latin1, QUESTION } from "./octets.ts";
import type { RequestHead } from "./request_head.ts";

/** Who decides whether a request is recorded. */
export interface RequestTraceOptions {
  /** Whether the caller is a proxy whose word counts: the trace that it records is continued. */
  readonly trusted: boolean;
  /** Whether any other request begins a trace, or continues one of its own. */
  readonly gate: TraceGate;
}

/**
 * The span of a request whose trace is recorded. Deno records one for every request of `Deno.serve`, and knows nothing of
 * a listener of octets: this is what stands in its place.
 */
export class RequestTrace {
  /** The line by which the upstream continues the trace. */
  readonly line: Uint8Array<ArrayBuffer>;
  readonly #span: BegunSpan;

  private constructor(span: BegunSpan) {
    this.#span = span;
    this.line = ascii(`traceparent: ${span.traceparent}\r\n`);
  }

  /**
   * Begins with the head of the request. `undefined` when the trace is not recorded: the request then goes the way of one
   * where tracing is off, and without the line, since no role behind begins a trace. Nothing else is done for it.
   */
  static begin(
    bytes: Uint8Array,
    head: RequestHead,
    { trusted, gate }: RequestTraceOptions,
  ): RequestTrace | undefined {
    const { traceStart, traceEnd } = head;
    const parent = traceEnd === 0 ? undefined : latin1(bytes, traceStart, traceEnd);
    const continued = trusted && parent !== undefined && readTraceparent(parent) !== undefined;
    if (!continued && !gate.admit()) return undefined;
    const span = beginServerSpan({ name: head.method === "other" ? "request" : head.method, parent });
    if (span === undefined) return undefined;
    span.describe(attributesOf(bytes, head));
    return new RequestTrace(span);
  }

  /** Does work beneath this span. */
  run<T>(work: () => T): T {
    return this.#span.run(work);
  }

  /** The request is over. */
  end(status: number, upstream: string | undefined): void {
    this.#span.end({
      "http.response.status_code": status,
      ...(upstream === undefined ? {} : { "flotilla.upstream": upstream }),
    });
  }
}

function attributesOf(bytes: Uint8Array, head: RequestHead) {
  const { methodStart, methodEnd, pathStart, targetEnd } = head;
  const query = bytes.indexOf(QUESTION, pathStart);
  return {
    "http.request.method": latin1(bytes, methodStart, methodEnd),
    "url.path": latin1(bytes, pathStart, query < 0 || query > targetEnd ? targetEnd : query),
  };
}
