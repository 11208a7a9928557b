import { assertEquals } from "@std/assert";
import { type PairOptions, startPair } from "./service_fixture.ts";

async function withRecord(options: PairOptions = {}) {
  const pair = await startPair(options);
  const made = await pair.call(pair.one, "/data/a", { method: "PUT", body: { value: 1 } });
  await made.body?.cancel();
  return { pair, etag: made.headers.get("etag") ?? "" };
}

Deno.test("GET /data/:id answers 304 without a body to who has this version", async () => {
  const { pair, etag } = await withRecord();
  await using _pair = pair;
  for (const tag of [etag, `W/${etag}`, `"x", ${etag}`, "*"]) {
    const response = await pair.call(pair.two, "/data/a", { headers: { "if-none-match": tag } });
    assertEquals([response.status, response.headers.get("etag"), await response.text()], [304, etag, ""]);
  }
  const other = await pair.call(pair.two, "/data/a", { headers: { "if-none-match": '"x"' } });
  assertEquals(other.status, 200);
  await other.body?.cancel();
});

for (const [method, body] of [["PUT", { value: 2 }], ["PATCH", { x: 2 }], ["DELETE", undefined]] as const) {
  Deno.test(`${method} /data/:id takes If-Match of this version, and 412 of another`, async () => {
    const { pair, etag } = await withRecord();
    await using _pair = pair;
    const send = (tag: string) =>
      pair.call(pair.two, "/data/a", { method, body, headers: { "if-match": tag } });
    for (const tag of ['"x"', `W/${etag}`, `"1${etag.slice(1)}`]) {
      const refused = await send(tag);
      assertEquals([refused.status, refused.headers.get("etag")], [412, etag]);
      await refused.body?.cancel();
    }
    const done = await send(`"x", ${etag}`);
    assertEquals(done.ok, true);
    await done.body?.cancel();
    assertEquals((await send(etag)).ok, false);
  });
}

Deno.test("PUT /data/:id with If-None-Match: * makes, but never replaces", async () => {
  const { pair } = await withRecord();
  await using _pair = pair;
  const put = (id: string) =>
    pair.call(pair.two, `/data/${id}`, {
      method: "PUT",
      body: { value: 3 },
      headers: { "if-none-match": "*" },
    });
  assertEquals([(await put("a")).status, (await put("b")).status, (await put("b")).status], [412, 201, 412]);
});

Deno.test("PUT /data/:id with If-Match: * replaces, but never makes", async () => {
  const { pair } = await withRecord();
  await using _pair = pair;
  const put = (id: string) =>
    pair.call(pair.two, `/data/${id}`, { method: "PUT", body: { value: 3 }, headers: { "if-match": "*" } });
  assertEquals([(await put("a")).status, (await put("b")).status], [200, 412]);
});

Deno.test("PUT /data/:id with If-Match loses no update when many count up at once", async () => {
  const { pair } = await withRecord({ realTime: true });
  await using _pair = pair;
  async function countUp(turn: number): Promise<void> {
    for (;;) {
      const service = turn++ % 2 === 0 ? pair.one : pair.two;
      const found = await pair.call(service, "/data/a");
      const { data } = await found.json();
      const written = await pair.call(turn % 2 === 0 ? pair.one : pair.two, "/data/a", {
        method: "PUT",
        body: { value: data.value + 1 },
        headers: { "if-match": found.headers.get("etag") ?? "" },
      });
      await written.body?.cancel();
      if (written.ok) return;
      assertEquals(written.status, 412);
    }
  }
  await Promise.all(Array.from({ length: 50 }, (_, turn) => countUp(turn)));
  assertEquals((await (await pair.call(pair.one, "/data/a")).json()).data.value, 51);
});

Deno.test("an entity tag is never used twice, also when a record is deleted and made again", async () => {
  const { pair, etag } = await withRecord();
  await using _pair = pair;
  await pair.call(pair.one, "/data/a", { method: "DELETE" });
  const again = await pair.call(pair.two, "/data/a", { method: "PUT", body: { value: 1 } });
  await again.body?.cancel();
  assertEquals(again.headers.get("etag") === etag, false);
});
