import { assertEquals } from "@std/assert";
import { fixture } from "./testdata/fixture.ts";

const EXPECTED = {
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

Deno.test("createGateway() sets the security fields on every answer, failures included", async () => {
  for (const [target, user] of [["/data", "ann"], ["/data", undefined], ["/nothing", "ann"]] as const) {
    const response = await fixture().call(target, {}, user);
    await response.body?.cancel();
    for (const [name, value] of Object.entries(EXPECTED)) {
      assertEquals(response.headers.get(name), value, target);
    }
  }
});

Deno.test("createGateway() has no answer kept by caches unless the inner role says so", async () => {
  const cases = [[{}, "no-store"], [{ etag: '"1"' }, "private, no-cache"], [
    { "cache-control": "public, max-age=60" },
    "public, max-age=60",
  ]] as const;
  for (const [headers, expected] of cases) {
    const inner = () => Promise.resolve(new Response("{}", { headers }));
    const response = await fixture({ inner }).call("/data", {}, "ann");
    await response.body?.cancel();
    assertEquals(response.headers.get("cache-control"), expected);
  }
});

Deno.test("createGateway() asks for TLS from then on, from who came over it, as a trusted proxy tells", async () => {
  const info = { remoteAddr: { transport: "tcp", hostname: "10.0.0.1", port: 1 } } as const;
  for (
    const [trustedProxies, expected] of [[["10.0.0.0/8"], "max-age=63072000; includeSubDomains"], [
      [],
      null,
    ]] as const
  ) {
    const { gateway } = fixture({ trustedProxies });
    const request = new Request("http://gateway/data", { headers: { "x-forwarded-proto": "https" } });
    const response = await gateway.fetch(request, info);
    await response.body?.cancel();
    assertEquals(response.headers.get("strict-transport-security"), expected);
  }
});
