import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { continueTrace } from "./trace_context.ts";
import { traceparent } from "./traceparent.ts";

const PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

Deno.test("continueTrace() keeps the trace and makes a span of its own", () => {
  const trace = continueTrace(new Headers({ traceparent: PARENT, tracestate: "vendor=1" }));
  assertEquals(trace.traceId, "0af7651916cd43dd8448eb211c80319c");
  assertEquals(trace.parentId, "b7ad6b7169203331");
  assertNotEquals(trace.spanId, trace.parentId);
  assertEquals([trace.sampled, trace.state], [true, "vendor=1"]);
});

Deno.test("continueTrace() starts a trace where the field is missing or malformed", () => {
  const malformed = [
    "",
    PARENT.toUpperCase(),
    PARENT.replace("00-", "ff-"),
    PARENT.replace("0af7651916cd43dd8448eb211c80319c", "0".repeat(32)),
    PARENT.replace("b7ad6b7169203331", "0".repeat(16)),
  ];
  for (const value of malformed) {
    const trace = continueTrace(new Headers(value === "" ? {} : { traceparent: value }));
    assertEquals(trace.parentId, undefined, value);
    assertMatch(traceparent(trace), /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  }
});
