import { randomHex } from "./random_hex.ts";

/** A request's place in a distributed trace (W3C Trace Context, level 1). */
export interface TraceContext {
  /** 32 lower-case hexadecimal digits, the same at every hop. */
  readonly traceId: string;
  /** 16 lower-case hexadecimal digits, this hop's own. */
  readonly spanId: string;
  /** The caller's span, when there was one. */
  readonly parentId: string | undefined;
  readonly sampled: boolean;
  /** The vendors' `tracestate`, passed on as it came. */
  readonly state: string | undefined;
}

const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/**
 * Continues the trace that a request's `traceparent` names, or starts one where it is missing or malformed
 * (W3C Trace Context, section 4.2): the new span is this hop's.
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
export function continueTrace(headers: Headers): TraceContext {
  const match = headers.get("traceparent")?.match(TRACEPARENT);
  const [, traceId, parentId, flags] = match ?? [];
  if (traceId === undefined || parentId === undefined || flags === undefined) {
    return {
      traceId: randomHex(16),
      spanId: randomHex(8),
      parentId: undefined,
      sampled: false,
      state: undefined,
    };
  }
  const sampled = (parseInt(flags, 16) & 1) === 1;
  return { traceId, spanId: randomHex(8), parentId, sampled, state: headers.get("tracestate") ?? undefined };
}

/** The `traceparent` field for a call that this hop makes. */
export function traceparent(trace: TraceContext): string {
  return `00-${trace.traceId}-${trace.spanId}-${trace.sampled ? "01" : "00"}`;
}
