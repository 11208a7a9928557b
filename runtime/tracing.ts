import {
  type Attributes,
  type Context,
  context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Tracer,
} from "@opentelemetry/api";
import { readTraceparent, type TraceParent, traceparent } from "./traceparent.ts";

/** Whether Deno records spans (`OTEL_DENO` is set), all of them or some. */
export function isTracing(): boolean {
  return trace.isSpanContextValid(tracer().startSpan("is tracing on").spanContext());
}

/**
 * The span that Deno records for what runs now, or `undefined` when it records none: tracing is off, or no request is
 * being answered.
 */
export function activeSpan(): TraceParent | undefined {
  const span = trace.getActiveSpan()?.spanContext();
  if (span === undefined || !trace.isSpanContextValid(span)) return undefined;
  const { traceId, spanId, traceFlags } = span;
  return { traceId, spanId, sampled: (traceFlags & TraceFlags.SAMPLED) !== 0 };
}

/** The `traceparent` of what runs now, or `undefined` when nobody will see its span. */
export function sampledTraceparent(): string | undefined {
  const span = activeSpan();
  return span?.sampled ? traceparent(span) : undefined;
}

/** A span to begin. */
export interface SpanOptions {
  /** What is done, of few values: `GET`, `run report`. */
  readonly name: string;
  /** The `traceparent` of whoever asks for it; one that is missing or malformed begins a trace. */
  readonly parent: string | undefined;
  /** @default none */
  readonly attributes?: Attributes;
}

/** A span that has begun. */
export interface BegunSpan {
  /** For the calls that are made for it. */
  readonly traceparent: string;
  /** Does work beneath it. */
  run<T>(work: () => T): T;
  /** Says more of it. */
  describe(attributes: Attributes): void;
  /** Ends it, with what is known of it only now. */
  end(attributes: Attributes): void;
}

/**
 * Begins the span of a server that Deno knows nothing of; Deno itself does so for every request of `Deno.serve`.
 * `undefined` when it is not sampled: nobody will see it, so nothing more is to be done for it.
 */
export function beginServerSpan({ name, parent }: Omit<SpanOptions, "attributes">): BegunSpan | undefined {
  const span = tracer().startSpan(name, { kind: SpanKind.SERVER }, contextOf(parent) ?? ROOT_CONTEXT);
  return (span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0 ? undefined : begun(span);
}

/** Begins the span of a call that Deno knows nothing of; Deno itself does so for every `fetch`. */
export function beginClientSpan({ name, parent, attributes = {} }: SpanOptions): BegunSpan {
  const options = { kind: SpanKind.CLIENT, attributes };
  return begun(tracer().startSpan(name, options, contextOf(parent) ?? ROOT_CONTEXT));
}

function begun(span: Span): BegunSpan {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return {
    traceparent: traceparent({ traceId, spanId, sampled: (traceFlags & TraceFlags.SAMPLED) !== 0 }),
    run: (work) => context.with(trace.setSpan(ROOT_CONTEXT, span), work),
    describe: (attributes) => void span.setAttributes(attributes),
    end(attributes) {
      span.setAttributes(attributes);
      span.end();
    },
  };
}

/**
 * Does work in the trace of the request that asked for it some time before: as a span of its own (of the kind that
 * OpenTelemetry calls consumer), beneath which Deno records the calls that the work makes. Without a parent, or where
 * Deno records nothing, it only does the work.
 */
export async function resumeTrace<T>(options: SpanOptions, work: () => Promise<T>): Promise<T> {
  const { name, attributes = {} } = options;
  const parent = contextOf(options.parent);
  if (parent === undefined) return await work();
  return await tracer().startActiveSpan(
    name,
    { kind: SpanKind.CONSUMER, attributes },
    parent,
    async (span) => {
      try {
        return await work();
      } catch (error) {
        span.setStatus({
          code: SpanStatusCode.ERROR,
          message: error instanceof Error ? error.name : "unknown",
        });
        throw error;
      } finally {
        span.end();
      }
    },
  );
}

function tracer(): Tracer {
  return trace.getTracer("flotilla");
}

function contextOf(field: string | undefined): Context | undefined {
  const parent = readTraceparent(field ?? null);
  if (parent === undefined) return undefined;
  const { traceId, spanId, sampled } = parent;
  const traceFlags = sampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}
