import { assertEquals, assertStringIncludes } from "@std/assert";
import { createStore } from "./store.ts";
import { encodeSnapshotRead, encodeWatch } from "./testing/datapath_client.ts";
import { bytes, pointOf, StoreClient, TEST_TOKEN, testStore } from "./testing/store_client.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

Deno.test("The metadata exchange chooses the newest version that both sides know", async () => {
  await using context = testStore();
  const versionFor = async (body: string | null) =>
    (await (await context.client.exchange(body)).json()).version;
  assertEquals(await versionFor('{"supportedVersions":[1,2,3]}'), 3);
  assertEquals(await versionFor('{"supportedVersions":[2,1]}'), 2);
  assertEquals(await versionFor('{"supportedVersions":[1]}'), 1);
  assertEquals(await versionFor('{"supportedVersions":[3,4,99]}'), 3);
  assertEquals(await versionFor(null), 1);
});

Deno.test("The metadata exchange tells what the schemas ask for, and nothing else", async () => {
  await using context = testStore();
  for (const version of [1, 2, 3]) {
    const response = await context.client.exchange(JSON.stringify({ supportedVersions: [version] }));
    assertEquals(response.headers.get("content-type"), "application/json");
    const { databaseId, expiresAt, ...metadata } = await response.json();
    assertEquals(UUID.test(databaseId), true);
    assertEquals(new Date(expiresAt).getTime() > Date.now(), true);
    const url = version === 1 ? "http://store.test/v1" : `/v${version}`;
    assertEquals(metadata, { version, endpoints: [{ url, consistency: "strong" }], token: TEST_TOKEN });
  }
});

for (
  const [criterion, body] of Object.entries({
    "no common version": '{"supportedVersions":[4]}',
    "versions that are no array": '{"supportedVersions":3}',
    "no versions": "{}",
    "no object": "3",
    "no JSON": "{",
  })
) {
  Deno.test(`The metadata exchange refuses a body with ${criterion}`, async () => {
    await using context = testStore();
    const response = await context.client.exchange(body);
    assertEquals(response.status, 400);
    assertEquals(response.headers.get("content-type"), "text/plain; charset=utf-8");
    await response.body?.cancel();
  });
}

Deno.test("The store answers 401 to who has no token or a wrong one, with the challenge of RFC 6750", async () => {
  await using context = testStore();
  const tryWith = async (authorization: string) => {
    const answers = [
      await context.client.exchange('{"supportedVersions":[3]}', { authorization }),
      await context.client.post("snapshot_read", encodeSnapshotRead([]), { authorization }),
    ];
    return await Promise.all(answers.map(async (answer) => [
      answer.status,
      answer.headers.get("www-authenticate"),
      (await answer.text()).trim(),
    ]));
  };
  const malformed = [401, "Bearer", "Malformed authorization header."];
  for (const field of ["", "Basic abc", "Bearer", "Bearer a b"]) {
    assertEquals(await tryWith(field), [malformed, malformed], field);
  }
  const wrong = [401, 'Bearer error="invalid_token"', "Invalid access token."];
  for (const token of ["x", `${TEST_TOKEN}x`, TEST_TOKEN.slice(1), TEST_TOKEN.toUpperCase()]) {
    assertEquals(await tryWith(`Bearer ${token}`), [wrong, wrong], token);
  }
  const [first, second] = await tryWith(`bearer  ${TEST_TOKEN}`);
  assertEquals([first?.[0], second?.[0]], [200, 200]);
});

Deno.test("The data path answers 400 to another version or database than it has", async () => {
  await using context = testStore();
  const attempt = async (headers: Record<string, string>) => {
    const response = await context.client.post("snapshot_read", encodeSnapshotRead([]), headers);
    return [response.status, (await response.text()).trim()];
  };
  assertEquals(await attempt({ "x-denokv-version": "2" }), [
    400,
    "Expected protocol version 3 in x-denokv-version.",
  ]);
  assertEquals(await attempt({ "x-denokv-database-id": crypto.randomUUID() }), [400, "Invalid database id."]);
});

Deno.test("The data path of versions 1 and 2 reads, and has no watch", async () => {
  await using context = testStore();
  const databaseId = await context.client.databaseId();
  const fields = {
    1: { "x-transaction-domain-id": databaseId },
    2: { "x-denokv-version": "2", "x-denokv-database-id": databaseId },
  };
  for (const version of [1, 2] as const) {
    const post = (operation: string, body: Uint8Array<ArrayBuffer>) =>
      context.store.fetch(
        new Request(`http://store.test/v${version}/${operation}`, {
          method: "POST",
          headers: { authorization: `Bearer ${TEST_TOKEN}`, ...fields[version] },
          body,
        }),
      );
    const read = await post("snapshot_read", encodeSnapshotRead([pointOf(bytes("a"))]));
    assertEquals([read.status, read.headers.get("content-type")], [200, "application/x-protobuf"]);
    await read.body?.cancel();
    const watch = await post("watch", encodeWatch([bytes("a")]));
    assertEquals(watch.status, 404);
    await watch.body?.cancel();
  }
});

Deno.test("The store has nothing but its resources, and those by POST only", async () => {
  await using context = testStore();
  const status = async (path: string, method: string) => {
    const response = await context.store.fetch(new Request(`http://store.test${path}`, { method }));
    await response.body?.cancel();
    return [response.status, response.headers.get("allow")];
  };
  assertEquals(await status("/none", "POST"), [404, null]);
  assertEquals(await status("/v4/snapshot_read", "POST"), [404, null]);
  assertEquals(await status("/", "GET"), [405, "POST"]);
  assertEquals(await status("/v3/watch", "PUT"), [405, "POST"]);
});

Deno.test("The store answers /healthz, /readyz and /metrics as every role does", async () => {
  await using context = testStore();
  await context.client.set(bytes("k"), new Uint8Array(7));
  const get = async (path: string) =>
    await (await context.store.fetch(new Request(`http://store.test${path}`))).text();
  assertStringIncludes(await get("/healthz"), "alive");
  assertStringIncludes(await get("/readyz"), '"database":"ok"');
  const metrics = await get("/metrics");
  for (
    const line of [
      "flotilla_store_rows 1",
      "flotilla_store_bytes 8",
      'flotilla_store_writes_total{result="committed"} 1',
      "flotilla_store_commit_writes_count 1",
      "flotilla_store_watchers 0",
    ]
  ) assertStringIncludes(metrics, `${line}\n`);
});

Deno.test("Stores in memory have one identity, so that a restarted one is not taken for another database", async () => {
  await using one = testStore();
  await using other = testStore();
  assertEquals(await one.client.databaseId(), await other.client.databaseId());
});

Deno.test("A store that is closed answers 503, so that clients try the next process", async () => {
  const store = createStore({ accessToken: TEST_TOKEN });
  const client = new StoreClient(store);
  await client.set(bytes("k"), bytes("v"));
  await store.close();
  await store.close();
  assertEquals((await client.refused({ mutations: [] })).status, 503);
});
