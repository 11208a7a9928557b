import { assertEquals } from "@std/assert";
import { type ServicePair, startPair } from "./service_fixture.ts";

async function withEnding(seconds: number): Promise<ServicePair> {
  const pair = await startPair();
  const expires = new Date(pair.clock.now() + seconds * 1_000).toISOString();
  const made = await pair.call(pair.one, "/data", { body: { id: "a", value: 1, expires } });
  assertEquals([made.status, (await made.json()).data.expires], [201, expires]);
  return pair;
}

async function status(pair: ServicePair, from: "one" | "two", path = "/data/a", init = {}) {
  const response = await pair.call(pair[from], path, init);
  await response.body?.cancel();
  return response.status;
}

Deno.test("a record with expires is gone when its time is over, in every cache and list", async () => {
  await using pair = await withEnding(60);
  const listed = async () => (await (await pair.call(pair.two, "/data?prefix=a")).json()).data.length;
  pair.clock.jump(59_999);
  assertEquals([await status(pair, "one"), await status(pair, "two"), await listed()], [200, 200, 1]);
  pair.clock.jump(1);
  assertEquals([await status(pair, "one"), await status(pair, "two"), await listed()], [404, 404, 0]);
});

Deno.test("a record whose time is over can be made again, and cannot be changed", async () => {
  await using pair = await withEnding(60);
  pair.clock.jump(60_000);
  assertEquals(await status(pair, "one", "/data/a", { method: "PATCH", body: {} }), 404);
  assertEquals(
    await status(pair, "one", "/data/a", { method: "PUT", body: { value: 2 }, headers: { "if-match": "*" } }),
    412,
  );
  assertEquals(await status(pair, "two", "/data", { body: { id: "a", value: 2 } }), 201);
  pair.clock.jump(60_000);
  assertEquals(await status(pair, "one"), 200);
});

Deno.test("PATCH keeps when a record ends, PUT says anew", async () => {
  await using pair = await withEnding(60);
  const expiresAfter = async (init: object) =>
    (await (await pair.call(pair.two, "/data/a", init)).json()).data.expires;
  assertEquals(typeof await expiresAfter({ method: "PATCH", body: { n: 1 } }), "string");
  assertEquals(await expiresAfter({ method: "PUT", body: { value: 1 } }), undefined);
  pair.clock.jump(60_000);
  assertEquals(await status(pair, "one"), 200);
});
