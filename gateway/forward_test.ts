import { ManualClock } from "@flotilla/runtime/testing";
import { assert, assertEquals } from "@std/assert";
import { fixture, principalOf } from "./testdata/fixture.ts";

/** An upstream that answers only when it is aborted. */
function hanging({ signal }: Request): Promise<Response> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason));
  });
}

Deno.test("createGateway() answers 504 when the inner role does not answer in time", async () => {
  const clock = new ManualClock();
  const { call } = fixture({ inner: hanging, clock });
  const pending = call("/data", {}, "ann");
  while (clock.pending === 0) await clock.advance(0);
  await clock.advance(10_000);
  const response = await pending;
  await response.body?.cancel();
  assertEquals(response.status, 504);
});

Deno.test("createGateway() answers 502 with Retry-After when there is no answer to be had", async () => {
  const { call } = fixture({ inner: () => Promise.reject(new TypeError("connection refused at 10.0.0.1")) });
  const response = await call("/data", {}, "ann");
  assertEquals([response.status, response.headers.get("retry-after")], [502, "1"]);
  const text = await response.text();
  assert(!text.includes("10.0.0.1"), "An inner address got outside");
});

Deno.test("createGateway() passes a balancer's own 503 on with its Retry-After", async () => {
  const inner = () => Promise.resolve(new Response("busy", { status: 503, headers: { "retry-after": "7" } }));
  const response = await fixture({ inner }).call("/data", {}, "ann");
  await response.body?.cancel();
  assertEquals([response.status, response.headers.get("retry-after")], [503, "7"]);
});

Deno.test("createGateway() takes the inner call back when the client leaves before the answer", async () => {
  const aborted = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const { call } = fixture({
    inner(request) {
      request.signal.addEventListener("abort", () => aborted.resolve());
      begun.resolve();
      return hanging(request);
    },
  });
  const client = new AbortController();
  const pending = call("/data", { signal: client.signal }, "ann");
  await begun.promise;
  client.abort();
  await aborted.promise;
  await (await pending).body?.cancel();
});

Deno.test("createGateway() cancels the inner answer when the client leaves in the middle of it", async () => {
  const cancelled = Promise.withResolvers<void>();
  const inner = () =>
    Promise.resolve(
      new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue(new TextEncoder().encode("first")),
          cancel: () => cancelled.resolve(),
        }),
      ),
    );
  const response = await fixture({ inner }).call("/data", {}, "ann");
  await response.body?.cancel();
  await cancelled.promise;
});

Deno.test("createGateway() passes server-sent events on as they come", async () => {
  let emit = (_text: string) => {};
  const inner = () => {
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        emit = (text) => controller.enqueue(new TextEncoder().encode(text));
      },
    });
    return Promise.resolve(new Response(stream, { headers: { "content-type": "text/event-stream" } }));
  };
  const response = await fixture({ inner }).call("/data/events", {}, "ann");
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  assert(reader !== undefined);
  emit("data: 1\n\n");
  assertEquals((await reader.read()).value, "data: 1\n\n");
  emit("data: 2\n\n");
  assertEquals((await reader.read()).value, "data: 2\n\n");
  await reader.cancel();
});

Deno.test("createGateway() tells the inner role what is left of the route's time, less what was spent", async () => {
  const clock = new ManualClock();
  const { call, seen } = fixture({
    clock,
    verifier: {
      peek: () => undefined,
      async verify() {
        await clock.advance(1_500);
        return principalOf("ann");
      },
    },
  });
  await (await call("/data", {}, "ann")).body?.cancel();
  assertEquals(seen[0]?.headers.get("x-flotilla-timeout"), "8500");
});

Deno.test("createGateway() tells the inner role the client's address", async () => {
  const told: (string | undefined)[] = [];
  const { gateway } = fixture({
    trustedProxies: ["10.0.0.1"],
    service(_request, info) {
      told.push(info?.remoteAddr.transport === "tcp" ? info.remoteAddr.hostname : undefined);
      return new Response("{}");
    },
  });
  const headers = { authorization: "Bearer token-ann", "x-forwarded-for": "203.0.113.9" };
  const remoteAddr = { transport: "tcp", hostname: "10.0.0.1", port: 1 } as const;
  await (await gateway.fetch(new Request("http://gateway/data", { headers }), { remoteAddr })).body?.cancel();
  assertEquals(told, ["203.0.113.9"]);
});
