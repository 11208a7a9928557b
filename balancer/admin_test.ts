import { assertEquals, assertMatch } from "@std/assert";
import { createAdmin } from "./admin.ts";
import { echo } from "./testing/fake_transport.ts";
import { testBalancer } from "./testing/test_balancer.ts";

const TOKEN = "a-token-for-tests";

async function setUp() {
  const test = await testBalancer({ a: echo, b: echo });
  const admin = createAdmin({ balancer: test.balancer, token: TOKEN });
  const call = (method: string, path: string, options: { body?: unknown; authorization?: string } = {}) => {
    const { body, authorization = `Bearer ${TOKEN}` } = options;
    return admin(
      new Request(`http://admin.test${path}`, {
        method,
        headers: { authorization },
        body: body === undefined ? null : typeof body === "string" ? body : JSON.stringify(body),
      }),
    );
  };
  const weights = () =>
    Object.fromEntries(test.balancer.snapshot().upstreams.map(({ id, weight }) => [id, weight]));
  return { test, call, weights, [Symbol.asyncDispose]: () => test[Symbol.asyncDispose]() };
}

Deno.test("createAdmin() answers nobody without the token", async () => {
  await using admin = await setUp();
  for (
    const [authorization, challenge] of [["", "Bearer"], ["Basic x", "Bearer"], [
      "Bearer no",
      'Bearer error="invalid_token"',
    ]] as const
  ) {
    const response = await admin.call("DELETE", "/upstreams/a", { authorization });
    assertEquals([response.status, response.headers.get("www-authenticate")], [401, challenge]);
  }
  assertEquals(admin.weights(), { a: 1, b: 1 });
});

Deno.test("createAdmin() tells the snapshot", async () => {
  await using admin = await setUp();
  const snapshot = await (await admin.call("GET", "/snapshot")).json();
  assertEquals([snapshot.strategy, snapshot.ready, snapshot.upstreams.length], ["round-robin", true, 2]);
});

Deno.test("createAdmin() adds, weighs and removes", async () => {
  await using admin = await setUp();
  const added = await admin.call("POST", "/upstreams", { body: { url: "http://c.test:81", weight: 2 } });
  assertEquals([added.status, added.headers.get("location")], [201, "/upstreams/c.test%3A81"]);
  const weighed = await admin.call("PATCH", "/upstreams/c.test%3A81", { body: { weight: 5 } });
  assertEquals([weighed.status, admin.weights()], [200, { a: 1, b: 1, "c.test:81": 5 }]);
  assertEquals((await admin.call("DELETE", "/upstreams/c.test%3A81")).status, 204);
  assertEquals(admin.weights(), { a: 1, b: 1 });
});

Deno.test("createAdmin() drains and resumes", async () => {
  await using admin = await setUp();
  const draining = () => admin.test.balancer.snapshot().upstreams[0]?.draining;
  assertEquals([(await admin.call("POST", "/upstreams/a/drain")).status, draining()], [202, true]);
  assertEquals([(await admin.call("POST", "/upstreams/a/resume")).status, draining()], [204, false]);
});

Deno.test("createAdmin() lets the last upstream be taken away, and another be added", async () => {
  await using admin = await setUp();
  for (const id of ["a", "b"]) assertEquals((await admin.call("DELETE", `/upstreams/${id}`)).status, 204);
  assertEquals([admin.weights(), (await admin.test.send("/")).status], [{}, 503]);
  assertEquals(
    (await admin.call("POST", "/upstreams", { body: { id: "a", url: "http://a.test" } })).status,
    201,
  );
  await admin.test.clock.advance(10);
  assertEquals((await admin.test.send("/")).status, 200);
});

Deno.test("createAdmin() says which methods a path has", async () => {
  await using admin = await setUp();
  const response = await admin.call("PUT", "/upstreams/a");
  assertEquals([response.status, response.headers.get("allow")], [405, "PATCH, DELETE"]);
});

Deno.test("createAdmin() refuses what makes no sense, as a problem that names it", async () => {
  await using admin = await setUp();
  const cases = [
    ["POST", "/upstreams", { url: "ftp://x" }, 422, /must be an origin/],
    ["POST", "/upstreams", { uri: "http://x" }, 422, /url/],
    ["POST", "/upstreams", "{", 400, /must be JSON/],
    ["POST", "/upstreams", { url: "http://elsewhere", id: "a" }, 409, /"a"/],
    ["PATCH", "/upstreams/a", { weight: 0 }, 422, /weight must be above 0/],
    ["PATCH", "/upstreams/x", { weight: 2 }, 404, /"x"/],
    ["DELETE", "/upstreams/x", undefined, 404, /"x"/],
    ["POST", "/upstreams/x/drain", undefined, 404, /"x"/],
    ["POST", "/upstreams/x/resume", undefined, 404, /"x"/],
    ["POST", "/upstreams", { url: "http://c.test#x" }, 422, /must be an origin/],
    ["POST", "/upstreams", { url: "http://:secret@c.test" }, 422, /must be an origin/],
    ["POST", "/upstreams", { url: "http://c.test", id: "c\n" }, 422, /visible ASCII/],
    ["DELETE", "/upstreams/%zz", undefined, 400, /not properly encoded/],
    ["GET", "/upstreams/a", undefined, 405, /GET \/upstreams\/a/],
    ["GET", "/else", undefined, 404, /\/else/],
    ["POST", "/upstreams/a/drain/more", undefined, 404, /more/],
  ] as const;
  for (const [method, path, body, status, detail] of cases) {
    const response = await admin.call(method, path, { body });
    assertEquals([method, path, response.status], [method, path, status]);
    assertMatch((await response.json()).detail, detail);
  }
  assertEquals(admin.weights(), { a: 1, b: 1 });
});
