import { type Context, INVALID_SPAN_CONTEXT, trace, TraceFlags, type Tracer } from "@opentelemetry/api";
import { TraceGate } from "./trace_gate.ts";
import { isTracing } from "./tracing.ts";

/** What `Deno.serve` calls the span that it begins for each request, until it knows the method. */
const SERVER_SPAN = "deno.serve";
/** Stands for the span of a request that nobody records. For a span that records nothing, Deno enters no context. */
const NO_SPAN = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);

let gate: TraceGate | undefined;

/**
 * Has `Deno.serve` begin no span for a request that is of no recorded trace. Where `OTEL_DENO` is set, Deno 2.9.6 makes one for
 * every request and asks the sampler then: a native object that the collector of garbage has to see to, attributes that
 * nobody reads, and a context that every callback carries. Deno has no setting for it, so the tracer that `Deno.serve` uses is
 * told here what the sampler of every role but the edge says anyway (`parentbased_always_off`).
 *
 * To be called before `Deno.serve`; of several calls the last counts. Of no effect where Deno records nothing.
 *
 * @param beginning says which of these requests begin a trace after all; none does without it
 */
export function skipUnsampledRequests(beginning: TraceGate = new TraceGate(0)): void {
  if (!isTracing()) return;
  const installed = gate !== undefined;
  gate = beginning;
  if (installed) return;
  const tracers: Pick<Tracer, "startSpan"> = Object.getPrototypeOf(
    Deno.telemetry.tracerProvider.getTracer(""),
  );
  const { startSpan } = tracers;
  tracers.startSpan = function (name, options, context) {
    const skipped = name === SERVER_SPAN && !isSampled(context) && !gate?.admit();
    return skipped ? NO_SPAN : startSpan.call(this, name, options, context);
  };
}

function isSampled(context: Context | undefined): boolean {
  const parent = context === undefined ? undefined : trace.getSpanContext(context);
  return parent !== undefined && (parent.traceFlags & TraceFlags.SAMPLED) !== 0;
}
