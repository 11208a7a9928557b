import { assertEquals } from "@std/assert";
import { type ServicePair, startPair, userNamed } from "./service_fixture.ts";

const [ANN, BOB, CARL] = [userNamed("ann"), userNamed("bob"), userNamed("carl")];

async function withRecords(): Promise<ServicePair> {
  const pair = await startPair();
  for (
    const body of [
      { id: "hidden", value: 1, access: "private" },
      { id: "lent", value: 1, sharedWith: ["bob"] },
      { id: "open", value: 1 },
    ]
  ) await (await pair.call(pair.one, "/data", { body, as: ANN })).body?.cancel();
  return pair;
}

async function status(pair: ServicePair, path: string, init: Parameters<ServicePair["call"]>[2]) {
  const response = await pair.call(pair.two, path, init);
  await response.body?.cancel();
  return response.status;
}

Deno.test("GET /data/:id answers 404 for what is not the caller's to see", async () => {
  await using pair = await withRecords();
  const seen = async (as: typeof ANN) =>
    await Promise.all(["hidden", "lent", "open"].map((id) => status(pair, `/data/${id}`, { as })));
  assertEquals(await seen(ANN), [200, 200, 200]);
  assertEquals(await seen(BOB), [404, 200, 200]);
  assertEquals(await seen(CARL), [404, 404, 200]);
  assertEquals(await seen(userNamed("root", "admin")), [200, 200, 200]);
});

Deno.test("GET /data lists what is the caller's to see, through one cached page", async () => {
  await using pair = await withRecords();
  const listed = async (as: typeof ANN) => {
    const { data, cached } = await (await pair.call(pair.one, "/data", { as })).json();
    return [cached, data.map(({ id }: { id: string }) => id).join(" ")];
  };
  assertEquals(await listed(ANN), [false, "hidden lent open welcome"]);
  assertEquals(await listed(BOB), [true, "lent open welcome"]);
  assertEquals(await listed(CARL), [true, "open welcome"]);
});

Deno.test("PUT, PATCH and DELETE are for the owner and those it is shared with", async () => {
  await using pair = await withRecords();
  const change = async (as: typeof ANN, id: string) => [
    await status(pair, `/data/${id}`, { method: "PUT", body: { value: 2 }, as }),
    await status(pair, `/data/${id}`, { method: "PATCH", body: 3, as }),
  ];
  assertEquals(await change(ANN, "hidden"), [200, 200]);
  assertEquals(await change(BOB, "hidden"), [403, 404]);
  assertEquals(await change(BOB, "lent"), [200, 200]);
  assertEquals(await change(CARL, "lent"), [403, 404]);
  assertEquals(await change(CARL, "open"), [403, 403]);
  assertEquals(await status(pair, "/data/open", { method: "DELETE", as: CARL }), 403);
  assertEquals(await status(pair, "/data/open", { method: "DELETE", as: ANN }), 204);
});

Deno.test("PUT keeps who sees a record unless it says otherwise, which only the owner may", async () => {
  await using pair = await withRecords();
  const put = (as: typeof ANN, body: object) => status(pair, "/data/lent", { method: "PUT", body, as });
  assertEquals(await put(BOB, { value: 2 }), 200);
  assertEquals(await status(pair, "/data/lent", { as: CARL }), 404);
  assertEquals(await put(BOB, { value: 2, access: "public" }), 403);
  assertEquals(await put(ANN, { value: 2, access: "public" }), 200);
  assertEquals(await status(pair, "/data/lent", { as: CARL }), 200);
  assertEquals(await put(ANN, { value: 2, sharedWith: ["carl"] }), 200);
  assertEquals(await status(pair, "/data/lent", { as: BOB }), 404);
});

Deno.test("GET /data goes on to the next page though a page shows the caller nothing", async () => {
  await using pair = await startPair();
  const lines = Array.from(
    { length: 60 },
    (_, n) => JSON.stringify({ id: `p${100 + n}`, value: n, access: "private" }),
  );
  await (await pair.call(pair.one, "/data/import", {
    body: lines.join("\n"),
    headers: { "content-type": "application/jsonl" },
    as: ANN,
  })).body?.cancel();
  const ids: string[] = [];
  let cursor: string | null = "";
  for (let pages = 0; cursor !== null && pages < 50; pages++) {
    const query: string = cursor === "" ? "" : `&cursor=${cursor}`;
    const { data, next } = await (await pair.call(pair.one, `/data?limit=2${query}`, { as: BOB })).json();
    ids.push(...data.map(({ id }: { id: string }) => id));
    cursor = next;
  }
  assertEquals([ids, cursor], [["welcome"], null]);
});
