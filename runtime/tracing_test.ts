import { assertEquals } from "@std/assert";
import { beginServerSpan, isTracing, resumeTrace, sampledTraceparent } from "./tracing.ts";
import { newSpan, readTraceparent, traceparent } from "./traceparent.ts";

Deno.test("isTracing() is false, and nothing is sampled, where OTEL_DENO is not set", () => {
  assertEquals([isTracing(), sampledTraceparent()], [false, undefined]);
});

Deno.test("beginServerSpan() begins no trace that nobody will see", () => {
  assertEquals(beginServerSpan({ name: "GET", parent: undefined }), undefined);
  assertEquals(beginServerSpan({ name: "GET", parent: traceparent(newSpan()) }), undefined);
});

Deno.test("resumeTrace() does the work where nothing is recorded", async () => {
  const parent = traceparent({ ...newSpan(), sampled: true });
  assertEquals(await resumeTrace({ name: "run", parent }, () => Promise.resolve(1)), 1);
});

Deno.test("newSpan() is of the caller's trace, or of a new one that is not recorded", () => {
  const caller = { ...newSpan(), sampled: true };
  const { traceId, spanId, sampled } = newSpan(caller);
  assertEquals([traceId, spanId === caller.spanId, sampled], [caller.traceId, false, true]);
  assertEquals(newSpan().sampled, false);
});

Deno.test("readTraceparent() reads what traceparent() writes", () => {
  const span = newSpan();
  assertEquals(readTraceparent(traceparent(span)), span);
});
