import { eventually } from "@flotilla/runtime/testing";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { bearerToken } from "./credentials.ts";
import { ROUTE_TABLE } from "./route_table.ts";
import { fixture, json, principalOf } from "./testdata/fixture.ts";

Deno.test("createGateway() answers 401 with a bare challenge without credentials, on every route that is not public", async () => {
  for (const route of ROUTE_TABLE.filter(({ access }) => access !== "public")) {
    const { call, seen } = fixture();
    const response = await call(route.path, { method: route.method });
    assertEquals([route.name, response.status, seen.length], [route.name, 401, 0]);
    assertEquals(response.headers.get("www-authenticate"), "Bearer");
    assertEquals((await response.json()).status, 401);
  }
});

Deno.test("createGateway() answers 401 invalid_token for a token that does not hold", async () => {
  const { call, seen } = fixture();
  for (const authorization of ["Bearer forged", "Bearer", "Bearer a b", "Bearer a, Bearer b"]) {
    const response = await call("/data", { headers: { authorization } });
    await response.body?.cancel();
    assertEquals([authorization, response.status], [authorization, 401]);
    assertStringIncludes(response.headers.get("www-authenticate") ?? "", 'error="invalid_token"');
  }
  assertEquals(seen.length, 0);
});

Deno.test("createGateway() takes another scheme as no credentials", async () => {
  const { call } = fixture();
  const response = await call("/data", { headers: { authorization: "Basic YTpi" } });
  await response.body?.cancel();
  assertEquals([response.status, response.headers.get("www-authenticate")], [401, "Bearer"]);
});

Deno.test("createGateway() answers 403 insufficient_scope without the right, on every route that needs one", async () => {
  for (const route of ROUTE_TABLE.filter(({ access }) => access !== "public" && access !== "user")) {
    const { call, seen } = fixture();
    const response = await call(route.path, { method: route.method }, "guest");
    await response.body?.cancel();
    assertEquals([route.name, response.status, seen.length], [route.name, 403, 0]);
    assertStringIncludes(response.headers.get("www-authenticate") ?? "", `scope="${route.access}"`);
  }
});

Deno.test("createGateway() tells the inner role who is calling, and keeps the token to itself", async () => {
  const { call, seen } = fixture();
  await (await call("/data", {}, "ann")).body?.cancel();
  assertEquals(seen[0]?.caller, { kind: "user", principal: principalOf("ann") });
  assertEquals(seen[0]?.headers.get("authorization"), null);
});

Deno.test("createGateway() calls inwards as anonymous where everybody may, whatever token was sent", async () => {
  const { call, seen } = fixture();
  const init = json("POST", { username: "ann", password: "a long enough one" }, {
    authorization: "Bearer expired",
  });
  assertEquals((await (await call("/auth/login", init)).json()).upstream, "auth");
  assertEquals(seen[0]?.caller, { kind: "anonymous" });
});

Deno.test("createGateway() does not ask for a token again that it has checked before", async () => {
  let verified = 0;
  const known = new Set<string>();
  const { call } = fixture({
    verifier: {
      peek: (token) => known.has(token) ? principalOf("ann") : undefined,
      verify(token) {
        verified++;
        known.add(token);
        return Promise.resolve(principalOf("ann"));
      },
    },
  });
  for (let i = 0; i < 3; i++) await (await call("/data", {}, "ann")).body?.cancel();
  assertEquals(verified, 1);
});

Deno.test("bearerToken() reads the scheme without regard to case", () => {
  assertEquals(bearerToken(new Headers({ authorization: "bearer a.b-c_d~e+f/g==" })), "a.b-c_d~e+f/g==");
  assertEquals(bearerToken(new Headers()), undefined);
});

Deno.test("createGateway() refuses sign-ins beyond what auth can take before it reads them, and nothing else", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { call, seen } = fixture({
    async inner(request) {
      if (new URL(request.url).pathname === "/auth/login") await promise;
      return new Response("{}");
    },
  });
  const login = () => call("/auth/login", json("POST", { username: "ann", password: "guess" }));
  const first = Array.from({ length: 16 }, login);
  await eventually(() => seen.length === 16, { what: "as many as are passed on" });
  const refused = await login();
  await refused.body?.cancel();
  assertEquals([refused.status, refused.headers.get("retry-after")], [503, "1"]);
  const other = await call("/data", {}, "ann");
  await other.body?.cancel();
  assertEquals([other.status, seen.length], [200, 17]);
  resolve();
  for (const response of await Promise.all(first)) await response.body?.cancel();
  const again = await login();
  await again.body?.cancel();
  assertEquals(again.status, 200);
});
