import { z } from "zod";

/** A span, as a collector is told of it. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the first span of a trace. */
  readonly parentSpanId: string;
  readonly name: string;
  /** The attribute `url.path`, where there is one. */
  readonly path: string | undefined;
  /** The attribute `service.name` of who recorded it: the group of the process. */
  readonly service: string;
}

/** A collector of traces, on a port of its own. */
export interface TraceCollector extends AsyncDisposable {
  /** The variables that make Deno send it every trace. */
  readonly environment: Readonly<Record<string, string>>;
  /** All that it was sent. */
  readonly spans: readonly Span[];
}

const attributesSchema = z.array(z.object({
  key: z.string(),
  value: z.object({ stringValue: z.string().optional() }),
}));
const spanSchema = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string(),
  name: z.string(),
  attributes: attributesSchema,
});
const tracesSchema = z.object({
  resourceSpans: z.array(z.object({
    resource: z.object({ attributes: attributesSchema }),
    scopeSpans: z.array(z.object({ spans: z.array(spanSchema) })),
  })),
});

/** Starts a collector that takes OTLP over HTTP in JSON, as OpenTelemetry's own does. */
export function collectTraces(): TraceCollector {
  const spans: Span[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
    const content: unknown = await request.json();
    if (new URL(request.url).pathname === "/v1/traces") spans.push(...readSpans(content));
    return Response.json({});
  });
  return {
    spans,
    environment: {
      OTEL_DENO: "true",
      OTEL_DENO_CONSOLE: "ignore",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${server.addr.port}`,
      OTEL_BSP_SCHEDULE_DELAY: "100",
    },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

function readSpans(content: unknown): Span[] {
  return tracesSchema.parse(content).resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = attribute(resource.attributes, "service.name") ?? "";
    return scopeSpans.flatMap((scope) => scope.spans).map(({ attributes, ...span }) => ({
      ...span,
      service,
      path: attribute(attributes, "url.path"),
    }));
  });
}

function attribute(attributes: z.infer<typeof attributesSchema>, name: string): string | undefined {
  return attributes.find(({ key }) => key === name)?.value.stringValue;
}
