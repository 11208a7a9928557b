import { ManualClock } from "@flotilla/runtime/testing";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { createAuth } from "./auth.ts";
import { callsOf, cheapHasher, INTERNAL_KEY, setUp } from "./testdata/fixture.ts";

Deno.test("createAuth() answers 401 without an assertion, on every route", async () => {
  using fixture = await setUp();
  for (const path of ["/auth/login", "/auth/me", "/auth/.well-known/jwks.json", "/nowhere"]) {
    const response = await fixture.auth.fetch(new Request(`http://inside${path}`));
    await response.body?.cancel();
    assertEquals([path, response.status], [path, 401]);
  }
});

Deno.test("createAuth() signs a user in, and GET /auth/me tells who it is", async () => {
  using fixture = await setUp();
  const { token, token_type, expires_in } = await fixture.login();
  assertEquals([token_type, expires_in], ["Bearer", 900]);
  const caller = await fixture.callerOf(token);
  const response = await fixture.call("/auth/me", { caller });
  const { username, role, rights } = await response.json();
  assertEquals([response.status, username, role], [200, "admin", "admin"]);
  assert(rights.includes("users:manage"));
});

Deno.test("createAuth() takes a username in any case", async () => {
  using fixture = await setUp();
  const { token } = await fixture.login(" Admin ");
  assertEquals((await fixture.principal(token)).subject, "admin");
});

Deno.test("GET /auth/me answers 401 to an anonymous caller, and to one whose account is gone", async () => {
  using fixture = await setUp();
  const caller = await fixture.callerOf((await fixture.login()).token);
  const anonymous = await fixture.call("/auth/me");
  await anonymous.body?.cancel();
  assertEquals([anonymous.status, anonymous.headers.get("www-authenticate")], [401, "Bearer"]);
  await fixture.kv.delete(["auth", "user", "admin"]);
  const gone = await fixture.call("/auth/me", { caller });
  await gone.body?.cancel();
  assertEquals(gone.status, 401);
});

Deno.test("createAuth() gives tokens of two services on one database the same key, also when they race at first start", async () => {
  using kv = await Deno.openKv(":memory:");
  const clock = new ManualClock();
  const services = ["auth_1", "auth_2"].map((instance) =>
    callsOf(createAuth({ kv, instance, internalKey: INTERNAL_KEY, hasher: cheapHasher(), clock }), clock)
  );
  const sets = await Promise.all(
    services.map(async ({ call }) => await (await call("/auth/.well-known/jwks.json")).json()),
  );
  assertEquals(sets[0].keys.length, 1);
  assertEquals(sets[0], sets[1]);
});

Deno.test("GET /auth/.well-known/jwks.json shows public members only, and how long it may be kept", async () => {
  using fixture = await setUp();
  const response = await fixture.call("/auth/.well-known/jwks.json");
  assertEquals(response.headers.get("cache-control"), "public, max-age=600");
  const { keys: [key] } = await response.json();
  assertEquals(Object.keys(key).toSorted(), ["alg", "crv", "kid", "kty", "use", "x"]);
});

Deno.test("createAuth() answers 405 with Allow, OPTIONS, and 404", async () => {
  using fixture = await setUp();
  const wrong = await fixture.call("/auth/login");
  await wrong.body?.cancel();
  assertEquals([wrong.status, wrong.headers.get("allow")], [405, "POST, OPTIONS"]);
  const options = await fixture.call("/auth/me", { method: "OPTIONS" });
  assertEquals([options.status, options.headers.get("allow")], [204, "GET, HEAD, OPTIONS"]);
  const nowhere = await fixture.call("/auth/nowhere");
  assertEquals(nowhere.headers.get("content-type"), "application/problem+json");
  await nowhere.body?.cancel();
  assertEquals(nowhere.status, 404);
});

Deno.test("createAuth() is ready when the database answers and there is a key to sign with", async () => {
  using fixture = await setUp();
  const response = await fixture.auth.fetch(new Request("http://inside/readyz"));
  assertEquals((await response.json()).checks, { database: "ok", keys: "ok" });
});

Deno.test("createAuth() refuses a time that is not more than 0", async () => {
  using kv = await Deno.openKv(":memory:");
  const make = (tokenLifetime: number) =>
    createAuth({ kv, instance: "auth_1", internalKey: INTERNAL_KEY, hasher: cheapHasher(), tokenLifetime });
  assertThrows(() => make(0), RangeError, "tokenLifetime must be more than 0 seconds, got 0");
});
