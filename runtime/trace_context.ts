import { newSpan, readTraceparent, type TraceParent } from "./traceparent.ts";
import { activeSpan } from "./tracing.ts";

/** Gives the fields of a message by their lower-case names: `Headers` does. */
export interface FieldReader {
  get(name: string): string | null;
}

/** A request's place in a distributed trace (W3C Trace Context, level 1); the span is this hop's own. */
export interface TraceContext extends TraceParent {
  /** The caller's span, when there was one. */
  readonly parentId: string | undefined;
  /** The vendors' `tracestate`, passed on as it came. */
  readonly state: string | undefined;
}

/**
 * Continues the trace that a request's `traceparent` names, or starts one where it is missing or malformed
 * (W3C Trace Context, section 4.2). The new span is this hop's: the one that Deno records, when it records any.
 *
 * @example
 * ```ts
 * import { continueTrace, traceparent } from "@flotilla/runtime";
 * import { assertEquals } from "@std/assert";
 *
 * const headers = new Headers({ traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" });
 * const trace = continueTrace(headers);
 * assertEquals(trace.parentId, "b7ad6b7169203331");
 * assertEquals(traceparent(trace).slice(0, 35), "00-0af7651916cd43dd8448eb211c80319c");
 * ```
 */
export function continueTrace(headers: FieldReader): TraceContext {
  const parent = readTraceparent(headers.get("traceparent"));
  const span = activeSpan() ?? newSpan(parent);
  if (parent?.traceId !== span.traceId) return { ...span, parentId: undefined, state: undefined };
  return { ...span, parentId: parent.spanId, state: headers.get("tracestate") ?? undefined };
}
