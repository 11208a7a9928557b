import { assertEquals, assertThrows } from "@std/assert";
import { createCors } from "./cors.ts";
import { fixture } from "./testdata/fixture.ts";

const APP = "https://app.example";

Deno.test("createGateway() lets pages of a configured origin read every answer, failures included", async () => {
  const { call } = fixture({ cors: { origins: [APP] } });
  for (const [target, user] of [["/data", "ann"], ["/data", undefined], ["/nothing", undefined]] as const) {
    const response = await call(target, { headers: { origin: APP } }, user);
    await response.body?.cancel();
    assertEquals(response.headers.get("access-control-allow-origin"), APP, target);
    assertEquals(response.headers.get("vary")?.includes("origin"), true);
    assertEquals(response.headers.get("access-control-expose-headers")?.includes("etag"), true);
    assertEquals(response.headers.get("access-control-allow-credentials"), null);
  }
});

Deno.test("createGateway() tells pages of other origins nothing, also those whose name begins alike", async () => {
  for (const origin of ["https://evil.example", `${APP}.evil.example`, "null", "http://app.example"]) {
    const response = await fixture({ cors: { origins: [APP] } }).call(
      "/data",
      { headers: { origin } },
      "ann",
    );
    await response.body?.cancel();
    assertEquals(response.headers.get("access-control-allow-origin"), null, origin);
  }
});

Deno.test("createGateway() answers a preflight with the methods of the path and the fields that may be set", async () => {
  const { call, seen } = fixture({ cors: { origins: [APP], maxAge: 60 } });
  const headers = {
    origin: APP,
    "access-control-request-method": "PUT",
    "access-control-request-headers": "authorization",
  };
  const response = await call("/data/x", { method: "OPTIONS", headers });
  assertEquals([response.status, seen.length], [204, 0]);
  assertEquals(
    response.headers.get("access-control-allow-methods"),
    "GET, HEAD, PUT, PATCH, DELETE, OPTIONS",
  );
  assertEquals(response.headers.get("access-control-allow-headers")?.split(", ")[0], "authorization");
  assertEquals(response.headers.get("access-control-max-age"), "60");
});

Deno.test("createGateway() has no CORS fields when no origin is configured", async () => {
  const response = await fixture().call("/data", { headers: { origin: APP } }, "ann");
  await response.body?.cancel();
  for (const [name] of response.headers) assertEquals(name.startsWith("access-control"), false, name);
});

Deno.test("createCors() refuses what is no origin", () => {
  for (const origin of ["app.example", `${APP}/`, `${APP}/path`, "https://*.example"]) {
    assertThrows(() => createCors({ origins: [origin] }), TypeError, origin);
  }
});
