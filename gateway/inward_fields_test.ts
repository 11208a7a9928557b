import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { ASSERTION_HEADER } from "@flotilla/auth/verify";
import { PASSED_INWARDS } from "./inward_fields.ts";
import { fixture, json } from "./testdata/fixture.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";

Deno.test("createGateway() lets no field inwards that could be taken for one of its own", async () => {
  const { call, seen } = fixture();
  const forged = {
    [ASSERTION_HEADER]: "forged",
    "x-flotilla-caller": "admin",
    "x_flotilla_assertion": "forged",
    "x-served-by": "forged",
    "x-forwarded-user": "admin",
    "x-http-method-override": "DELETE",
    "x-original-url": "/auth/users",
    "x-rewrite-url": "/auth/users",
    "x-user": "admin",
    "cookie": "session=1",
    "proxy-authorization": "Basic YTpi",
  };
  const response = await call("/data", { headers: forged }, "ann");
  await response.body?.cancel();
  const [inner] = seen;
  assert(inner !== undefined);
  assertEquals(inner.caller.kind === "user" ? inner.caller.principal.subject : undefined, "ann");
  for (const name of Object.keys(forged)) {
    assertNotEquals(inner.headers.get(name), new Headers(forged).get(name), name);
  }
});

Deno.test("createGateway() drops hop-by-hop fields and those that Connection names", async () => {
  const { call, seen } = fixture();
  const headers = {
    connection: "x-mine, keep-alive",
    "x-mine": "1",
    te: "trailers",
    "keep-alive": "timeout=5",
  };
  await (await call("/data", { headers }, "ann")).body?.cancel();
  for (const name of Object.keys(headers)) assertEquals(seen[0]?.headers.get(name) ?? null, null, name);
});

Deno.test("createGateway() passes the fields inwards that an inner role has a use for", async () => {
  const { call, seen } = fixture();
  const headers = Object.fromEntries(PASSED_INWARDS.map((name) => [name, `value of ${name}`]));
  headers["content-type"] = "application/json";
  await (await call("/data/x", { method: "PATCH", body: "{}", headers }, "ann")).body?.cancel();
  for (const [name, value] of Object.entries(headers)) assertEquals(seen[0]?.headers.get(name), value, name);
});

Deno.test("createGateway() passes the request's id and trace inwards, under a span of its own", async () => {
  const { call, seen } = fixture();
  const traceparent = `00-${TRACE}-b7ad6b7169203331-01`;
  const headers = { "x-request-id": "r-1", traceparent, tracestate: "a=1" };
  const response = await call("/longtask", json("POST", { task: "report" }, headers), "ann");
  await response.body?.cancel();
  assertEquals(response.headers.get("x-request-id"), "r-1");
  const inner = seen[0]?.headers;
  assertEquals([inner?.get("x-request-id"), inner?.get("tracestate")], ["r-1", "a=1"]);
  assertMatch(
    inner?.get("traceparent") ?? "",
    new RegExp(`^00-${TRACE}-(?!b7ad6b7169203331)[0-9a-f]{16}-01$`),
  );
});
