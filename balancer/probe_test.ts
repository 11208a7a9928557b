import { assertEquals, assertRejects } from "@std/assert";
import { createProbe } from "./probe.ts";
import { AttemptError } from "./failure.ts";
import { failing, FakeTransport } from "./testing/fake_transport.ts";
import { FakeUpstream } from "./testing/fake_upstream.ts";
import type { UpstreamRequest } from "./transports/transport.ts";

const { signal } = new AbortController();

Deno.test("createProbe() asks by GET for the path, names the host and itself, and reads no body", async () => {
  let asked: UpstreamRequest | undefined;
  let cancelled = false;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    cancel: () => {
      cancelled = true;
    },
  }, { highWaterMark: 0 });
  const transport = new FakeTransport({
    a: (request) => {
      asked = request;
      return new Response(body, { status: 203 });
    },
  });
  const status = await createProbe(transport)(new FakeUpstream("a"), { path: "/live?deep=1", signal });
  assertEquals([status, cancelled], [203, true]);
  assertEquals([asked?.method, asked?.target, asked?.body], ["GET", "/live?deep=1", null]);
  assertEquals([...asked?.headers ?? []], [["host", "a"], ["user-agent", "flotilla-health-check"]]);
});

Deno.test("createProbe() fails as its transport does", async () => {
  const transport = new FakeTransport({ a: failing("connect_refused") });
  const asked = createProbe(transport)(new FakeUpstream("a"), { path: "/live", signal });
  assertEquals((await assertRejects(() => asked, AttemptError)).failure.kind, "connect_refused");
});
