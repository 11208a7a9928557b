import { assertEquals, assertMatch } from "@std/assert";
import { eventually } from "@flotilla/runtime/testing";
import { signIn } from "./client.ts";
import { canStartSystem, startSystem } from "./system.ts";
import { collectTraces, type Span } from "./trace_collector.ts";

const ROOT = "b7ad6b7169203331";

/** A trace that a client has begun, so that its spans can be told from all others. */
function newTrace(): { id: string; headers: Record<string, string> } {
  const id = crypto.randomUUID().replaceAll("-", "");
  return { id, headers: { traceparent: `00-${id}-${ROOT}-01` } };
}

/** The services on the way from the client to a span; those that follow each other once. */
function wayOf(span: Span, spans: readonly Span[]): string[] {
  const parent = parentOf(span, spans);
  const way = parent !== undefined ? wayOf(parent, spans) : span.parentSpanId === ROOT ? ["client"] : [];
  return way.at(-1) === span.service ? way : [...way, span.service];
}

function parentOf({ traceId, parentSpanId }: Span, spans: readonly Span[]): Span | undefined {
  return spans.find((other) => other.traceId === traceId && other.spanId === parentSpanId);
}

function isBelow(span: Span, above: Span, spans: readonly Span[]): boolean {
  const parent = parentOf(span, spans);
  return parent !== undefined && (parent === above || isBelow(parent, above, spans));
}

/** Waits for a span of the trace whose way is this one. */
async function untilWay(spans: readonly Span[], trace: string, way: readonly string[]): Promise<Span> {
  const wanted = way.join(" > ");
  const find = () =>
    spans.find((span) => span.traceId === trace && wayOf(span, spans).join(" > ") === wanted);
  try {
    return await eventually(find, { timeout: 20_000, what: wanted });
  } catch (cause) {
    const seen = new Set(
      spans.filter(({ traceId }) => traceId === trace).map((span) => wayOf(span, spans).join(" > ")),
    );
    throw new Error(`There is no span on the way ${wanted}, only ${[...seen].join("; ")}`, { cause });
  }
}

Deno.test({
  name: "OTEL_DENO: one trace leads from the edge to the store, and to the task that it started",
  ignore: !canStartSystem,
  async fn(test) {
    await using collector = collectTraces();
    const { spans, environment } = collector;
    await using system = await startSystem({ environment });
    const admin = await signIn(system.origin);
    // As Prometheus asks, whose request names no trace.
    await Promise.all(system.names.map(async (name) => {
      await (await fetch(`${system.adminOriginOf(name)}/metrics`)).text();
    }));

    const toDatabase = [
      "client",
      "load_balancer_api_gateway",
      "api_gateway",
      "load_balancer_service",
      "service",
      "database",
    ];
    await test.step("a read passes every role, and the store's span is the last", async () => {
      const { id, headers } = newTrace();
      const { status } = await admin.send("GET", "/data", { headers });
      assertEquals(status, 200);
      await untilWay(spans, id, toDatabase);
    });

    await test.step("so does a read that gateway and service leave octets, and each has one span of it", async () => {
      // Each gateway and service has to know token, caller and record first.
      for (let i = 0; i < 8; i++) await admin.send("GET", "/data/welcome");
      const { id, headers } = newTrace();
      const { status } = await admin.send("GET", "/data/welcome", { headers });
      assertEquals(status, 200);
      await untilWay(spans, id, toDatabase);
      const own = await eventually(() => {
        const own = spans.filter(({ traceId, name }) => traceId === id && name === "GET");
        return own.length >= 4 ? own : undefined;
      }, { what: "a span of each role" });
      assertEquals(own.map(({ service }) => service).sort(), toDatabase.slice(1, 5).sort());
    });

    await test.step("a task's run is a part of the trace that queued it, and so is what it writes", async () => {
      const { id, headers } = newTrace();
      const { status } = await admin.send("POST", "/longtask", { json: { task: "report" }, headers });
      assertEquals(status, 202);
      const toWorker = [
        "client",
        "load_balancer_api_gateway",
        "api_gateway",
        "load_balancer_worker",
        "worker",
      ];
      await untilWay(spans, id, [...toWorker, "worker_cache"]);
      const run = await eventually(
        () => spans.find(({ traceId, name }) => traceId === id && name === "run report"),
        { timeout: 30_000, what: "the run's span" },
      );
      assertEquals(wayOf(run, spans), toWorker);
      const below = await eventually(
        () =>
          spans.find((span) =>
            span.traceId === id && span.service === "worker_cache" && isBelow(span, run, spans)
          ),
        { timeout: 20_000, what: "a write of the run" },
      );
      assertMatch(below.path ?? "", /\/(atomic_write|snapshot_read)$/);
    });

    await test.step("what no client asked for leaves no trace", () => {
      const looks = spans.filter(({ path }) => path === "/readyz" || path === "/metrics");
      assertEquals(looks.map(({ service, path }) => `${service} ${path}`), []);
    });
  },
});
