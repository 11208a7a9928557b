import { assert, assertEquals } from "@std/assert";
import { takesGzip, unmarked } from "./compression.ts";
import { fixture } from "./testdata/fixture.ts";

const TEXT = JSON.stringify({ data: "x".repeat(2_000) });
const GZIP = { "accept-encoding": "gzip, br" };

function answering(body: string | null, headers: Record<string, string> = {}, status = 200) {
  const type = { "content-type": "application/json" };
  const length = body === null ? {} : { "content-length": String(body.length) };
  return fixture({
    inner: () => Promise.resolve(new Response(body, { status, headers: { ...type, ...length, ...headers } })),
  });
}

Deno.test("createGateway() packs a long answer for who takes gzip", async () => {
  const response = await answering(TEXT).call("/data", { headers: GZIP }, "ann");
  assertEquals(response.headers.get("content-encoding"), "gzip");
  assertEquals(response.headers.get("content-length"), null);
  assertEquals(response.headers.get("vary"), "accept-encoding");
  assert(response.body !== null);
  const unpacked = response.body.pipeThrough(new DecompressionStream("gzip"));
  assertEquals(await new Response(unpacked).text(), TEXT);
});

Deno.test("createGateway() does not pack for who does not take it, what is short, binary, packed, or kept from changes", async () => {
  const cases: [string, HeadersInit, Record<string, string>][] = [
    [TEXT, {}, {}],
    [TEXT, { "accept-encoding": "gzip;q=0" }, {}],
    ["{}", GZIP, {}],
    [TEXT, GZIP, { "content-type": "image/png" }],
    [TEXT, GZIP, { "content-encoding": "br" }],
    [TEXT, GZIP, { "cache-control": "no-transform" }],
  ];
  for (const [body, headers, inner] of cases) {
    const response = await answering(body, inner).call("/data", { headers }, "ann");
    assertEquals(await response.text(), body);
    assertEquals(response.headers.get("content-encoding"), inner["content-encoding"] ?? null);
  }
});

Deno.test("createGateway() does not pack a stream of events", async () => {
  const inner = () =>
    Promise.resolve(
      new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue(new TextEncoder().encode("data: 1\n\n")),
        }),
        { headers: { "content-type": "text/event-stream" } },
      ),
    );
  const response = await fixture({ inner }).call("/data/events", { headers: GZIP }, "ann");
  assertEquals(response.headers.get("content-encoding"), null);
  await response.body?.cancel();
});

Deno.test("createGateway() does not pack tokens", async () => {
  const response = await answering(TEXT).call("/auth/me", { headers: GZIP }, "ann");
  assertEquals([response.headers.get("content-encoding"), await response.text()], [null, TEXT]);
});

Deno.test("createGateway() gives a packed answer an entity tag of its own, and knows it when it comes back", async () => {
  const etag = { etag: '"7"' };
  const packed = await answering(TEXT, etag).call("/data/x", { headers: GZIP }, "ann");
  const tag = packed.headers.get("etag") ?? "";
  await packed.body?.cancel();
  assertEquals(tag, '"7-gzip"');

  const { call, seen } = answering(null, etag, 304);
  const unchanged = await call("/data/x", { headers: { ...GZIP, "if-none-match": tag } }, "ann");
  assertEquals([unchanged.status, unchanged.headers.get("etag")], [304, tag]);
  assertEquals(seen[0]?.headers.get("if-none-match"), '"7"');

  const patch = {
    method: "PATCH",
    body: "{}",
    headers: { "content-type": "application/json", "if-match": tag },
  };
  await (await call("/data/x", patch, "ann")).body?.cancel();
  assertEquals(seen[1]?.headers.get("if-match"), '"7"');
});

Deno.test("takesGzip() reads weights and wildcards", () => {
  for (const taken of ["gzip", "GZIP;q=0.5", "br, *", "x-gzip", "*;q=0.1"]) assert(takesGzip(taken), taken);
  for (const not of [null, "", "br", "gzip;q=0", "gzip;q=0, *", "*;q=0", "identity"]) {
    assert(!takesGzip(not), `${not}`);
  }
});

Deno.test("unmarked() leaves other tags as they are", () => {
  assertEquals(unmarked('"a-gzip", W/"b", "c", *'), '"a", W/"b", "c", *');
});
