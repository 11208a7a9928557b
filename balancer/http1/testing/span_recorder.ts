import {
  type Attributes,
  type Context,
  context,
  ROOT_CONTEXT,
  trace,
  TraceFlags,
  type Tracer,
} from "@opentelemetry/api";

/** A span that began, as a test sees it. */
export interface RecordedSpan {
  /** The trace that it continues; `undefined` when it begins one. */
  readonly parentTraceId: string | undefined;
  readonly attributes: Attributes;
  ended: boolean;
}

/** The trace of every recorded span, and the span's own id. */
export const RECORDED = { traceId: "1".repeat(32), spanId: "2".repeat(16) };

/** Records every span in place of Deno, until it is disposed. */
export function recordSpans(): Disposable & { readonly spans: readonly RecordedSpan[] } {
  const spans: RecordedSpan[] = [];
  const startSpan: Tracer["startSpan"] = (_name, _options, context) => {
    const parent = context === undefined ? undefined : trace.getSpanContext(context);
    const recorded: RecordedSpan = { parentTraceId: parent?.traceId, attributes: {}, ended: false };
    spans.push(recorded);
    const span = trace.wrapSpanContext({ ...RECORDED, traceFlags: TraceFlags.SAMPLED });
    span.setAttributes = (attributes) => {
      Object.assign(recorded.attributes, attributes);
      return span;
    };
    span.end = () => void (recorded.ended = true);
    return span;
  };
  const tracer = Object.assign(trace.getTracer("none"), { startSpan });
  trace.setGlobalTracerProvider({ getTracer: () => tracer });
  context.setGlobalContextManager(new ContextStack());
  return {
    spans,
    [Symbol.dispose]() {
      trace.disable();
      context.disable();
    },
  };
}

/** Knows what is active until a call returns, and not what goes on after it. */
class ContextStack {
  #active = ROOT_CONTEXT;

  active(): Context {
    return this.#active;
  }

  with<A extends unknown[], R>(inner: Context, work: (...given: A) => R, self?: unknown, ...given: A): R {
    const outer = this.#active;
    this.#active = inner;
    try {
      return work.apply(self, given);
    } finally {
      this.#active = outer;
    }
  }

  bind<T>(_context: Context, target: T): T {
    return target;
  }

  enable(): this {
    return this;
  }

  disable(): this {
    return this;
  }
}
