import { validate } from "@std/uuid/v7";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { startPair } from "./service_fixture.ts";

Deno.test("createService() shows one record in a new database", async () => {
  await using pair = await startPair();
  const body = await (await pair.call(pair.one, "/data")).json();
  assertEquals(body.data.map(({ id }: { id: string }) => id), ["welcome"]);
  assertEquals(body.next, null);
});

Deno.test("createService() does not bring the first record back once it is deleted", async () => {
  await using pair = await startPair();
  assertEquals((await pair.call(pair.one, "/data/welcome", { method: "DELETE" })).status, 204);
  assertEquals((await (await pair.call(pair.two, "/data")).json()).data, []);
});

Deno.test("POST /data makes a record at the id given, and 409 when it exists", async () => {
  await using pair = await startPair();
  const made = await pair.call(pair.one, "/data", { body: { id: "a", value: { n: 1 } } });
  assertEquals([made.status, made.headers.get("location")], [201, "/data/a"]);
  const { data } = await made.json();
  assertEquals({ id: data.id, value: data.value, owner: data.owner }, {
    id: "a",
    value: { n: 1 },
    owner: "root",
  });
  assertEquals(made.headers.get("etag"), `"${data.version}"`);
  const again = await pair.call(pair.two, "/data", { body: { id: "a", value: 2 } });
  assertEquals(again.status, 409);
  assertEquals(again.headers.get("content-type"), "application/problem+json");
  await again.body?.cancel();
});

Deno.test("POST /data makes an id when none is given", async () => {
  await using pair = await startPair();
  const made = await pair.call(pair.one, "/data", { body: { value: null } });
  const { data } = await made.json();
  assert(validate(data.id));
  assertEquals(made.headers.get("location"), `/data/${data.id}`);
  assertEquals((await (await pair.call(pair.two, `/data/${data.id}`)).json()).data, data);
});

Deno.test("PUT /data/:id makes or replaces, keeping when it was made", async () => {
  await using pair = await startPair();
  const first = await pair.call(pair.one, "/data/a", { method: "PUT", body: { value: 1 } });
  assertEquals([first.status, first.headers.get("location")], [201, "/data/a"]);
  const { data: before } = await first.json();
  pair.clock.jump(1_000);
  const second = await pair.call(pair.two, "/data/a", { method: "PUT", body: { value: 2 } });
  const { data: after } = await second.json();
  assertEquals([second.status, after.value, after.created], [200, 2, before.created]);
  assertEquals(Date.parse(after.updated) - Date.parse(before.updated), 1_000);
  assert(after.version > before.version);
});

Deno.test("PATCH /data/:id merges application/merge-patch+json and application/json into the value", async () => {
  await using pair = await startPair();
  await pair.call(pair.one, "/data/a", { method: "PUT", body: { value: { x: 1, y: { z: 2 } } } });
  for (
    const [type, patch] of [["application/merge-patch+json", { x: null }], ["application/json", {
      y: { w: 3 },
    }]]
  ) {
    const headers = { "content-type": `${type}` };
    assertEquals(
      (await pair.call(pair.two, "/data/a", { method: "PATCH", body: patch, headers })).status,
      200,
    );
  }
  assertEquals((await (await pair.call(pair.one, "/data/a")).json()).data.value, { y: { z: 2, w: 3 } });
});

Deno.test("PATCH /data/:id applies application/json-patch+json, and 409 when it does not fit", async () => {
  await using pair = await startPair();
  await pair.call(pair.one, "/data/a", { method: "PUT", body: { value: { list: [1, 2] } } });
  const headers = { "content-type": "application/json-patch+json" };
  const send = (body: unknown) => pair.call(pair.one, "/data/a", { method: "PATCH", body, headers });
  const done = await send([{ op: "test", path: "/list/0", value: 1 }, {
    op: "add",
    path: "/list/-",
    value: 3,
  }]);
  assertEquals((await done.json()).data.value, { list: [1, 2, 3] });
  assertEquals((await send([{ op: "remove", path: "/nothing" }])).status, 409);
  assertEquals((await send([{ op: "nonsense", path: "" }])).status, 422);
});

Deno.test("PATCH /data/:id answers 413 for a patch that would double a value again and again", async () => {
  await using pair = await startPair();
  await pair.call(pair.one, "/data/a", { method: "PUT", body: { value: { a: ["0123456789"] } } });
  const patch = Array.from({ length: 60 }, () => ({ op: "copy", from: "/a", path: "/a/-" }));
  const headers = { "content-type": "application/json-patch+json" };
  const response = await pair.call(pair.one, "/data/a", { method: "PATCH", body: patch, headers });
  assertEquals(response.status, 413);
});

Deno.test("PATCH and DELETE /data/:id answer 404 when there is no such record", async () => {
  await using pair = await startPair();
  assertEquals((await pair.call(pair.one, "/data/none", { method: "PATCH", body: {} })).status, 404);
  assertEquals((await pair.call(pair.one, "/data/none", { method: "DELETE" })).status, 404);
  const gone = await pair.call(pair.one, "/data/none");
  assertEquals(gone.status, 404);
  assertStringIncludes((await gone.json()).detail, '"none"');
});

Deno.test("HEAD /data/:id answers as GET does, without the body", async () => {
  await using pair = await startPair();
  const response = await pair.call(pair.one, "/data/welcome", { method: "HEAD" });
  assertEquals([response.status, response.headers.get("etag"), await response.text()], [200, '"1"', ""]);
});

Deno.test("GET /data/:id gives back any JSON as it was put", async () => {
  await using pair = await startPair();
  const text = '{"value":{"__proto__":{"a":[1.5,-0.1,true,null,"\\u2028 é 💥 \\u0000"]},"":""}}';
  assertEquals((await pair.call(pair.one, "/data/a", { method: "PUT", body: text })).status, 201);
  const answer = await (await pair.call(pair.two, "/data/a")).text();
  const { value } = JSON.parse(text);
  assertStringIncludes(answer, `"value":${JSON.stringify(value)},`);
});
