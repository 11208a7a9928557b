import { TokenError } from "@flotilla/auth/verify";
import { ManualClock } from "@flotilla/runtime/testing";
import { assert, assertEquals } from "@std/assert";
import { addressKey } from "./client.ts";
import { createLocalPermitStore } from "./limits/local_permit_store.ts";
import { createRateLimiter } from "./limits/rate_limiter.ts";
import { fixture, principalOf } from "./testdata/fixture.ts";

function limited(options: { caller?: number; address?: number; trustedProxies?: readonly string[] }) {
  const clock = new ManualClock();
  const store = createLocalPermitStore();
  const limiter = (name: string, quota = 1_000) =>
    createRateLimiter({ policy: { name, quota, window: 60_000 }, store, clock });
  let verified = 0;
  const made = fixture({
    clock,
    limiters: { caller: limiter("caller", options.caller), address: limiter("address", options.address) },
    trustedProxies: options.trustedProxies ?? [],
    verifier: {
      peek: (token) => token.startsWith("token-") ? principalOf(token.slice(6)) : undefined,
      verify() {
        verified++;
        return Promise.reject(new TokenError("signature"));
      },
    },
  });
  return { ...made, clock, verified: () => verified };
}

async function status(pending: Promise<Response>): Promise<number> {
  const response = await pending;
  await response.body?.cancel();
  return response.status;
}

Deno.test("createGateway() answers 429 with Retry-After for one request too many of a caller, and not of others", async () => {
  const { call } = limited({ caller: 2 });
  assertEquals(await status(call("/data", {}, "ann")), 200);
  assertEquals(await status(call("/longtask", {}, "ann")), 200);
  const refused = await call("/data", {}, "ann");
  assertEquals(refused.status, 429);
  assert(Number(refused.headers.get("retry-after")) >= 1);
  assertEquals((await refused.json()).title, "Too Many Requests");
  assertEquals(await status(call("/data", {}, "bob")), 200);
});

Deno.test("createGateway() tells what is left in RateLimit fields, on failures too", async () => {
  const { call } = limited({ caller: 2 });
  const told: (string | null)[] = [];
  for (let i = 0; i < 3; i++) {
    const response = await call("/data", {}, "ann");
    await response.body?.cancel();
    told.push(response.headers.get("ratelimit"));
    assertEquals(response.headers.get("ratelimit-policy"), '"caller";q=2;w=60');
  }
  assertEquals(told.map((text) => text?.split(";")[1]), ["r=1", "r=0", "r=0"]);
});

Deno.test("createGateway() counts anonymous callers by the address that a trusted proxy names", async () => {
  const { gateway } = limited({ address: 1, trustedProxies: ["10.0.0.1"] });
  const from = (client: string, peer = "10.0.0.1") =>
    status(gateway.fetch(
      new Request("http://gateway/auth/.well-known/jwks.json", { headers: { "x-forwarded-for": client } }),
      { remoteAddr: { transport: "tcp", hostname: peer, port: 1 } },
    ));
  assertEquals(await from("203.0.113.1"), 200);
  assertEquals(await from("203.0.113.1"), 429);
  assertEquals(await from("203.0.113.2"), 200);
  // The client's own claim, in front of what the proxy added, counts for nothing.
  assertEquals(await from("203.0.113.9, 203.0.113.2"), 429);
  assertEquals(await from("203.0.113.8", "192.0.2.7"), 200);
  assertEquals(await from("203.0.113.9", "192.0.2.7"), 429);
});

Deno.test("createGateway() counts tokens that do not hold by address, and checks no more of them past the limit", async () => {
  const { call, verified } = limited({ address: 3 });
  const bad = () => status(call("/data", { headers: { authorization: "Bearer forged" } }));
  assertEquals([await bad(), await bad(), await bad(), await bad()], [401, 401, 401, 429]);
  const checked = verified();
  assertEquals([await bad(), await bad()], [429, 429]);
  assertEquals(verified(), checked);
  assertEquals(
    await status(call("/data", {}, "ann")),
    200,
    "A token that holds was refused for its neighbours",
  );
});

Deno.test("addressKey() takes an IPv6 network of 64 bits as one caller", () => {
  assertEquals(addressKey("2001:db8:1:2:3:4:5:6"), addressKey("2001:db8:1:2::9"));
  assertEquals(addressKey("::1"), "0:0:0:0");
  assertEquals(addressKey("::ffff:203.0.113.9"), "203.0.113.9");
  assertEquals(addressKey(undefined), "unknown");
});
