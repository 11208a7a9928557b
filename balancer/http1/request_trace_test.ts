import { sampledTraceparent, TraceGate } from "@flotilla/runtime";
import { ManualClock } from "@flotilla/runtime/testing";
import { assertEquals, assertMatch, assertNotMatch } from "@std/assert";
import type { Door } from "./door.ts";
import { ProxyFixture, type ProxyFixtureOptions } from "./testing/proxy_fixture.ts";
import { RECORDED, recordSpans } from "./testing/span_recorder.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SAMPLED = `traceparent: 00-${TRACE}-b7ad6b7169203331-01\r\n`;
const UNSAMPLED = SAMPLED.replace("-01", "-00");
const PROXY = "203.0.113.9";
const OURS = new RegExp(`^traceparent: 00-${RECORDED.traceId}-${RECORDED.spanId}-01\r$`, "im");

/** Admits one trace and no more: its second is never over. */
const oneTrace = () => new TraceGate(1, new ManualClock());

/** What an upstream hears of a request, and the traces that the request's spans continue. */
async function sent(fields: string, listener: ProxyFixtureOptions["listener"] = {}) {
  using recorder = recordSpans();
  await using proxy = new ProxyFixture({ listener, peer: PROXY });
  const { heard } = await proxy.roundTrip(`GET /x?q HTTP/1.1\r\nHost: a.test\r\n${fields}\r\n`, OK);
  return { heard, spans: recorder.spans };
}

Deno.test("RequestTrace begins a trace where the gate admits one, and tells the upstream of it", async () => {
  const { heard, spans } = await sent("", { traces: oneTrace() });
  assertMatch(heard, OURS);
  assertEquals(spans.map(({ parentTraceId }) => parentTraceId), [undefined]);
});

Deno.test("RequestTrace asks nobody about a request that the gate does not admit", async () => {
  const { heard, spans } = await sent("", { traces: new TraceGate(0) });
  assertNotMatch(heard, /^traceparent:/im);
  assertEquals(spans, []);
});

Deno.test("RequestTrace continues the trace of a trusted proxy, whatever the gate says", async () => {
  const { heard, spans } = await sent(SAMPLED, { traces: new TraceGate(0), trustedProxies: [PROXY] });
  assertMatch(heard, OURS);
  assertEquals(spans.map(({ parentTraceId }) => parentTraceId), [TRACE]);
});

Deno.test("RequestTrace lets no stranger record more than the gate admits", async () => {
  using recorder = recordSpans();
  await using proxy = new ProxyFixture({ listener: { traces: oneTrace() }, peer: PROXY });
  const request = `GET / HTTP/1.1\r\nHost: a.test\r\n${SAMPLED}\r\n`;
  const last = OK.replace("\r\n", "\r\nConnection: close\r\n");
  assertMatch((await proxy.roundTrip(request, last)).heard, OURS);
  assertNotMatch((await proxy.roundTrip(request, last)).heard, /^traceparent:/im);
  assertEquals(recorder.spans.map(({ parentTraceId }) => parentTraceId), [TRACE]);
});

Deno.test("RequestTrace passes on as it came what a caller does not record", async () => {
  const { heard, spans } = await sent(UNSAMPLED, { traces: new TraceGate("unlimited") });
  assertMatch(heard, new RegExp(`^${UNSAMPLED.trim()}\r$`, "m"));
  assertEquals(spans, []);
});

Deno.test("RequestTrace counts a traceparent that is malformed as none", async () => {
  const malformed = SAMPLED.replace(TRACE, "xyz");
  const refused = await sent(malformed, { traces: new TraceGate(0), trustedProxies: [PROXY] });
  assertNotMatch(refused.heard, /^traceparent:/im);
  assertEquals(refused.spans, []);
  const begun = await sent(malformed, { traces: oneTrace(), trustedProxies: [PROXY] });
  assertEquals(begun.spans.map(({ parentTraceId }) => parentTraceId), [undefined]);
});

Deno.test("RequestTrace ends with the answer's status, with the path and without the query", async () => {
  const { spans } = await sent("", { traces: oneTrace() });
  const [span] = spans;
  assertEquals(span?.ended, true);
  assertEquals(span?.attributes["url.path"], "/x");
  assertEquals(span?.attributes["http.response.status_code"], 200);
});

Deno.test("RequestTrace ends when a body turns out malformed before it is sent", async () => {
  using recorder = recordSpans();
  await using proxy = new ProxyFixture({ listener: { traces: oneTrace() } });
  const client = proxy.client();
  await client.say("POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n");
  assertMatch(await client.rest(), /^HTTP\/1\.1 400 /);
  assertEquals(recorder.spans, [{
    parentTraceId: undefined,
    ended: true,
    attributes: { "http.request.method": "POST", "url.path": "/x", "http.response.status_code": 400 },
  }]);
});

Deno.test("RequestTrace is what a door opens and answers beneath", async () => {
  using recorder = recordSpans();
  const active: (string | undefined)[] = [];
  const seen = () => void active.push(sampledTraceparent());
  const door: Door = {
    open: seen,
    answer() {
      seen();
      return new Response("ok");
    },
  };
  await using proxy = new ProxyFixture({ listener: { traces: oneTrace(), door } });
  const client = proxy.client();
  for (const _ of ["recorded", "not admitted any more"]) {
    await client.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assertMatch(await client.head(), /^HTTP\/1\.1 200 /);
    await client.octets(2);
  }
  const recorded = `00-${RECORDED.traceId}-${RECORDED.spanId}-01`;
  assertEquals(active, [recorded, recorded, undefined, undefined]);
  assertEquals(recorder.spans.map(({ ended }) => ended), [true]);
});
