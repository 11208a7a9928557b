import { assertEquals } from "@std/assert";
import { type ServicePair, startPair } from "./service_fixture.ts";

async function withRecords(ids: readonly string[]): Promise<ServicePair> {
  const pair = await startPair();
  await pair.call(pair.one, "/data/welcome", { method: "DELETE" });
  const operations = ids.map((id) => ({ op: "put", id, value: id }));
  await (await pair.call(pair.one, "/data/batch", { body: { operations } })).body?.cancel();
  return pair;
}

async function page(pair: ServicePair, query: string): Promise<{ ids: string; next: string | null }> {
  const { data, next } = await (await pair.call(pair.two, `/data?${query}`)).json();
  return { ids: data.map(({ id }: { id: string }) => id).join(" "), next };
}

Deno.test("GET /data walks through all records, page by page, in the order of ids", async () => {
  await using pair = await withRecords(["b", "B", "a-", "a", "0", "a:1", "a~", "ab"]);
  const seen: string[] = [];
  let query = "limit=3";
  for (;;) {
    const { ids, next } = await page(pair, query);
    seen.push(ids);
    if (next === null) break;
    query = `limit=3&cursor=${next}`;
  }
  assertEquals(seen, ["0 B a", "a- a:1 ab", "a~ b"]);
});

Deno.test("GET /data has no next when a page ends with the last record", async () => {
  await using pair = await withRecords(["a", "b"]);
  assertEquals(await page(pair, "limit=2"), { ids: "a b", next: null });
});

Deno.test("GET /data goes on at a cursor whose record is gone, and sees what came behind it", async () => {
  await using pair = await withRecords(["a", "b", "c"]);
  const { next } = await page(pair, "limit=2");
  await pair.call(pair.one, "/data/b", { method: "DELETE" });
  await (await pair.call(pair.one, "/data", { body: { id: "aa", value: 1 } })).body?.cancel();
  await (await pair.call(pair.one, "/data", { body: { id: "bb", value: 1 } })).body?.cancel();
  assertEquals(await page(pair, `limit=2&cursor=${next}`), { ids: "bb c", next: null });
});

Deno.test("GET /data?prefix gives what begins so, and nothing else", async () => {
  await using pair = await withRecords(["user", "user:1", "user:2", "user~", "uses", "use"]);
  assertEquals((await page(pair, "prefix=user")).ids, "user user:1 user:2 user~");
  assertEquals((await page(pair, "prefix=user:")).ids, "user:1 user:2");
  assertEquals((await page(pair, "prefix=x")).ids, "");
  const { ids, next } = await page(pair, "prefix=user:&limit=1");
  assertEquals([ids, (await page(pair, `prefix=user:&cursor=${next}`)).ids], ["user:1", "user:2"]);
});

Deno.test("GET /data ends a page early rather than answer megabytes", async () => {
  await using pair = await startPair();
  for (let n = 0; n < 40; n++) {
    const body = { value: "x".repeat(60_000) };
    await (await pair.call(pair.one, `/data/big${100 + n}`, { method: "PUT", body })).body?.cancel();
  }
  const response = await pair.call(pair.two, "/data?prefix=big&limit=15");
  const { data, next } = await response.json();
  assertEquals([data.length, typeof next], [15, "string"]);
});
