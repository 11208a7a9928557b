import { assertEquals, assertThrows } from "@std/assert";
import { createRouter } from "./router.ts";
import { ROUTE_TABLE } from "./route_table.ts";
import { fixture } from "./testdata/fixture.ts";
import { fitting } from "./testdata/fitting_request.ts";

Deno.test("createGateway() passes each route of its table on to the role it names, path and query unchanged", async () => {
  for (const route of ROUTE_TABLE.filter(({ upstream }) => upstream !== "gateway")) {
    const { call, seen } = fixture();
    const { target, init } = fitting(route);
    const response = await call(target, init, "admin");
    assertEquals([route.name, response.status, await response.text()], [
      route.name,
      200,
      JSON.stringify({ upstream: route.upstream, method: route.method, path: target.split("?")[0] }),
    ]);
    assertEquals(seen.map(({ upstream, method, target }) => ({ upstream, method, target })), [{
      upstream: route.upstream,
      method: route.method,
      target,
    }]);
  }
});

Deno.test("createGateway() answers 404 for what is not in its table", async () => {
  const targets = [
    "/",
    "/data/",
    "//data",
    "/data/x/y",
    "/auth",
    "/auth/keys",
    "/longtask/x/y/z/w",
    "/metrics/x",
  ];
  for (const target of targets) {
    const { call, seen } = fixture();
    const response = await call(target, { headers: { via: "1.1 edge" } }, "admin");
    await response.body?.cancel();
    assertEquals([target, response.status, seen.length], [target, 404, 0]);
  }
});

Deno.test("createGateway() routes by the path in its normal form, and passes on that form", async () => {
  const { call, seen } = fixture();
  await (await call("/data/../auth/./me", {}, "ann")).body?.cancel();
  await (await call("/data/%2e%2e/auth/me", {}, "ann")).body?.cancel();
  assertEquals(seen.map(({ upstream, target }) => [upstream, target]), [["auth", "/auth/me"], [
    "auth",
    "/auth/me",
  ]]);
});

Deno.test("createGateway() answers 405 with Allow for a method that the path does not have", async () => {
  const { call } = fixture();
  const response = await call("/data", { method: "DELETE" }, "ann");
  await response.body?.cancel();
  assertEquals(response.status, 405);
  assertEquals(response.headers.get("allow"), "GET, HEAD, POST, OPTIONS");
});

Deno.test("createGateway() answers OPTIONS with Allow, without a token", async () => {
  const { call, seen } = fixture();
  const response = await call("/data/x", { method: "OPTIONS" });
  assertEquals([response.status, seen.length], [204, 0]);
  assertEquals(response.headers.get("allow"), "GET, HEAD, PUT, PATCH, DELETE, OPTIONS");
});

Deno.test("createRouter() prefers the route that stands earlier", () => {
  const { match } = createRouter(ROUTE_TABLE);
  assertEquals(match("/data/events")?.path, "/data/events");
  assertEquals(match("/data/other")?.path, "/data/:id");
});

Deno.test("createRouter() refuses a table that names a method of a path twice", () => {
  const [route] = ROUTE_TABLE;
  if (route === undefined) throw new TypeError("The table is empty");
  assertThrows(() => createRouter([route, route]), TypeError, "POST /auth/login twice");
});
