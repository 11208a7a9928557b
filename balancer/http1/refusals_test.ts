import { type Attributes, trace, TraceFlags, type Tracer } from "@opentelemetry/api";
import { assertEquals, assertMatch } from "@std/assert";
import { ProxyFixture } from "./testing/proxy_fixture.ts";
import { REFUSALS } from "./testing/refusals.ts";

Deno.test("ProxyConnection refuses what is ambiguous or broken", async (t) => {
  for (const { title, request, status } of REFUSALS) {
    await t.step(`${title}: ${status}`, async () => {
      await using proxy = new ProxyFixture();
      const client = proxy.client();
      await client.say(request);
      const answer = await client.rest();
      assertMatch(answer, new RegExp(`^HTTP/1\\.1 ${status} .*\r\n`));
      assertMatch(answer, /\r\nConnection: close\r\n/);
      assertMatch(answer, /\r\nContent-Type: application\/problem\+json\r\n/);
      assertEquals(answer.match(/HTTP\/1\.1 \d{3}/g)?.length, 1);
      assertEquals(proxy.dials, 0);
      assertEquals(proxy.errors, []);
    });
  }
});

Deno.test("ProxyConnection refuses the same octets however they are split", async (t) => {
  for (const { title, request, status } of REFUSALS.filter(({ request }) => request.length < 200)) {
    await t.step(`${title}: ${status}`, async () => {
      await using proxy = new ProxyFixture();
      const client = proxy.client();
      const head = client.hear(/^HTTP\/1\.1 \d{3}/);
      for (const octet of request) {
        try {
          await client.say(octet);
        } catch {
          break;
        }
      }
      assertEquals(await head, `HTTP/1.1 ${status}`);
    });
  }
});

Deno.test("ProxyConnection passes nothing on of a request behind a refused one", async () => {
  await using proxy = new ProxyFixture();
  const client = proxy.client();
  await client.say(
    "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" +
      "GET /smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n",
  );
  assertMatch(await client.rest(), /^HTTP\/1\.1 400 /);
  assertEquals(proxy.dials, 0);
});

Deno.test("ProxyConnection ends the span of a request whose body turns out malformed before it is sent", async () => {
  const ended: Attributes[] = [];
  const context = { traceId: "1".repeat(32), spanId: "2".repeat(16), traceFlags: TraceFlags.SAMPLED };
  const startSpan: Tracer["startSpan"] = () => {
    const said: Attributes = {};
    const span = trace.wrapSpanContext(context);
    span.setAttributes = (attributes) => {
      Object.assign(said, attributes);
      return span;
    };
    span.end = () => void ended.push(said);
    return span;
  };
  const tracer = Object.assign(trace.getTracer("none"), { startSpan });
  trace.setGlobalTracerProvider({ getTracer: () => tracer });
  try {
    await using proxy = new ProxyFixture({ listener: { tracing: true } });
    const client = proxy.client();
    await client.say("POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n");
    assertMatch(await client.rest(), /^HTTP\/1\.1 400 /);
    assertEquals(ended, [
      { "http.request.method": "POST", "url.path": "/x", "http.response.status_code": 400 },
    ]);
  } finally {
    trace.disable();
  }
});
