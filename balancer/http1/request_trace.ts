import { beginServerSpan, type BegunSpan } from "@flotilla/runtime";
import type { Handler } from "./hosted_exchange.ts";
import { ascii, latin1, QUESTION } from "./octets.ts";
import type { RequestHead } from "./request_head.ts";

/**
 * The span of a request in its trace. Deno records one for every request of `Deno.serve`, and knows nothing of a listener
 * of octets: this is what stands in its place where spans are recorded.
 */
export class RequestTrace {
  /** The line by which the upstream continues the trace. */
  readonly line: Uint8Array<ArrayBuffer>;
  readonly #span: BegunSpan;

  /** Begins with the head of the request. */
  constructor(bytes: Uint8Array, head: RequestHead) {
    const { methodStart, methodEnd, pathStart, targetEnd, traceStart, traceEnd } = head;
    const query = bytes.indexOf(QUESTION, pathStart);
    const method = latin1(bytes, methodStart, methodEnd);
    this.#span = beginServerSpan({
      name: head.method === "other" ? "request" : method,
      parent: traceEnd === 0 ? undefined : latin1(bytes, traceStart, traceEnd),
      attributes: {
        "http.request.method": method,
        "url.path": latin1(bytes, pathStart, query < 0 || query > targetEnd ? targetEnd : query),
      },
    });
    this.line = ascii(`traceparent: ${this.#span.traceparent}\r\n`);
  }

  /** Whether somebody will see it. */
  get sampled(): boolean {
    return this.#span.sampled;
  }

  /** A handler that works beneath this span. */
  around(handler: Handler): Handler {
    return (request, info) => this.#span.run(() => handler(request, info));
  }

  /** The request is over. */
  end(status: number, upstream: string | undefined): void {
    this.#span.end({
      "http.response.status_code": status,
      ...(upstream === undefined ? {} : { "flotilla.upstream": upstream }),
    });
  }
}
