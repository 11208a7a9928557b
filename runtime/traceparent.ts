import { randomHex } from "./random_hex.ts";

/** A caller's span, as its `traceparent` field names it. */
export interface TraceParent {
  /** 32 lower-case hexadecimal digits. */
  readonly traceId: string;
  /** 16 lower-case hexadecimal digits. */
  readonly spanId: string;
  readonly sampled: boolean;
}

const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** Reads a `traceparent` field (W3C Trace Context, section 3.2); `undefined` when it is missing or malformed. */
export function readTraceparent(value: string | null): TraceParent | undefined {
  const [, traceId, spanId, flags] = value?.match(TRACEPARENT) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  return { traceId, spanId, sampled: (parseInt(flags, 16) & 1) === 1 };
}

/** The `traceparent` field for a call that this hop makes. */
export function traceparent({ traceId, spanId, sampled }: TraceParent): string {
  return `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;
}

/** A span of this process, in the trace of its caller or, without one, in a new trace that is not recorded. */
export function newSpan(parent?: TraceParent): TraceParent {
  const { traceId = randomHex(16), sampled = false } = parent ?? {};
  return { traceId, spanId: randomHex(8), sampled };
}
