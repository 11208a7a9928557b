import { assertEquals, assertStringIncludes } from "@std/assert";
import { MAX_VALUE_BYTES } from "./record.ts";
import { type CallInit, startPair, userNamed } from "./service_fixture.ts";

/** What must be refused, and how. */
const REFUSED: Record<string, [status: number, path: string, init?: CallInit]> = {
  "a body that is not JSON": [400, "/data", { body: "{" }],
  "a body of another type": [415, "/data", { body: "{}", headers: { "content-type": "text/plain" } }],
  "a body without a type": [415, "/data", { method: "POST" }],
  "a member that is not known": [422, "/data", { body: { value: 1, vlaue: 2 } }],
  "no value": [422, "/data", { body: { id: "a" } }],
  "a body that is no object": [422, "/data", { body: [1] }],
  "an id with a slash": [422, "/data", { body: { id: "a/b", value: 1 } }],
  "an id that names a route": [422, "/data", { body: { id: "export", value: 1 } }],
  "an id in the path that cannot be one": [422, "/data/%00"],
  "a value that is nested too deeply": [422, "/data", {
    body: `{"value":${"[".repeat(300)}${"]".repeat(300)}}`,
  }],
  "a limit of 0": [422, "/data?limit=0"],
  "a limit beyond 1000": [422, "/data?limit=1001"],
  "a limit that is no number": [422, "/data?limit=ten"],
  "a parameter that is not known": [422, "/data?filter=x"],
  "a cursor that is none": [422, "/data?cursor=!!"],
  "a time to end that is over": [422, "/data", { body: { value: 1, expires: "2025-12-31T23:59:59Z" } }],
  "a time to end that is none": [422, "/data", { body: { value: 1, expires: "soon" } }],
  "names for a record that is not shared": [422, "/data", {
    body: { value: 1, access: "private", sharedWith: ["ann"] },
  }],
  "a method that a path does not have": [405, "/data/welcome", { body: { value: 1 } }],
  "a path that is not there": [404, "/other"],
};

for (const [what, [status, path, init]] of Object.entries(REFUSED)) {
  Deno.test(`createService() refuses ${what} with ${status}`, async () => {
    await using pair = await startPair();
    const response = await pair.call(pair.one, path, init ?? {});
    assertEquals([response.status, response.headers.get("content-type")], [
      status,
      "application/problem+json",
    ]);
    const { request_id, title, detail } = await response.json();
    assertEquals([typeof request_id, typeof title, typeof detail], ["string", "string", "string"]);
  });
}

Deno.test("createService() names the member at fault", async () => {
  await using pair = await startPair();
  const { errors } = await (await pair.call(pair.one, "/data", { body: { id: "/", value: 1 } })).json();
  assertEquals(errors[0].pointer, "/id");
});

Deno.test("createService() names the methods of a path in Allow", async () => {
  await using pair = await startPair();
  const response = await pair.call(pair.one, "/data", { method: "DELETE" });
  assertEquals(response.headers.get("allow"), "GET, HEAD, POST");
});

Deno.test("createService() takes a value up to the limit, and names the limit beyond it", async () => {
  await using pair = await startPair();
  const put = (length: number) =>
    pair.call(pair.one, "/data/big", { method: "PUT", body: { value: "ü".repeat(length / 2 - 1) } });
  assertEquals((await put(MAX_VALUE_BYTES)).status, 201);
  const tooLarge = await put(MAX_VALUE_BYTES + 2);
  assertEquals(tooLarge.status, 413);
  const { limit, detail } = await tooLarge.json();
  assertEquals(limit, MAX_VALUE_BYTES);
  assertStringIncludes(detail, String(MAX_VALUE_BYTES));
  const found = await (await pair.call(pair.two, "/data/big")).json();
  assertEquals(found.data.value.length, MAX_VALUE_BYTES / 2 - 1);
});

Deno.test("createService() caches the largest value with the most readers", async () => {
  await using pair = await startPair();
  const sharedWith = Array.from({ length: 10 }, (_, index) => `${index}`.padEnd(64, "漢"));
  const body = { value: "x".repeat(MAX_VALUE_BYTES - 2), sharedWith };
  const made = await pair.call(pair.one, "/data/big", { method: "PUT", body });
  assertEquals(made.status, 201);
  await made.body?.cancel();
  await (await pair.call(pair.one, "/data/big")).body?.cancel();
  assertEquals((await (await pair.call(pair.two, "/data/big")).json()).cached, true);
});

Deno.test("createService() refuses a body that goes on and on", async () => {
  await using pair = await startPair();
  const response = await pair.call(pair.one, "/data", { body: `{"value":"${" ".repeat(300_000)}"}` });
  assertEquals(response.status, 413);
});

Deno.test("createService() answers 401 without an assertion and to nobody signed in, 403 without the right", async () => {
  await using pair = await startPair();
  const bare = await pair.one.fetch(new Request("http://service/data"));
  assertEquals(bare.status, 401);
  const anonymous = await pair.call(pair.one, "/data", { as: { kind: "anonymous" } });
  assertEquals([anonymous.status, anonymous.headers.get("www-authenticate")], [401, "Bearer"]);
  const reader = userNamed("reader");
  if (reader.kind !== "user") throw new TypeError("Expected a user");
  const as = { kind: "user", principal: { ...reader.principal, rights: ["data:read"] } } as const;
  assertEquals((await pair.call(pair.one, "/data", { as })).status, 200);
  const denied = await pair.call(pair.one, "/data", { as, body: { value: 1 } });
  assertEquals(denied.status, 403);
  assertStringIncludes(denied.headers.get("www-authenticate") ?? "", "insufficient_scope");
});
