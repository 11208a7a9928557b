import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { rotateKeys } from "./key_rotation.ts";
import { type AuthFixture, INTERNAL_KEY, setUp } from "./testdata/fixture.ts";
import { TokenError } from "./token_error.ts";
import { createRemoteKeys } from "./remote_keys.ts";
import { createTokenVerifier } from "./token_verifier.ts";

const kidOf = (token: string): string => JSON.parse(atob(token.split(".")[0] ?? "")).kid;

function gatewayOf({ call, clock }: AuthFixture) {
  const keys = createRemoteKeys({
    fetch: (request) => call(new URL(request.url).pathname),
    origin: "http://auth.internal",
    clock,
  });
  return createTokenVerifier({ keys, clock });
}

Deno.test("rotateKeys() publishes a key first and signs with it when every verifier must have it", async () => {
  using fixture = await setUp();
  const { clock, kv, login, call } = fixture;
  const old = kidOf((await login()).token);
  const { kid, signsFrom } = await rotateKeys({ kv, internalKey: INTERNAL_KEY, clock });
  assertEquals(signsFrom - clock.now(), 660_000);
  clock.jump(60_000);
  const published = async () =>
    (await (await call("/auth/.well-known/jwks.json")).json()).keys.map((key: { kid: string }) => key.kid);
  assertEquals(await published(), [old, kid]);
  assertEquals(kidOf((await login()).token), old);
  clock.jump(600_000);
  assertEquals(kidOf((await login()).token), kid);
  clock.jump(1_500_000);
  assertEquals(await published(), [kid]);
});

Deno.test("rotateKeys() leaves no valid token refused at any moment, by a gateway that caches as long as it may", async () => {
  using fixture = await setUp();
  const { clock, kv, login } = fixture;
  const gateway = gatewayOf(fixture);
  const tokens = [(await login()).token];
  await gateway.verify(tokens[0] ?? "");
  await rotateKeys({ kv, internalKey: INTERNAL_KEY, clock });
  for (let minute = 0; minute < 60; minute++) {
    clock.jump(60_000);
    tokens.push((await login()).token);
    for (const token of tokens.slice(-14)) await gateway.verify(token);
  }
  assertNotEquals(kidOf(tokens.at(-1) ?? ""), kidOf(tokens[0] ?? ""));
});

Deno.test("rotateKeys() of compromised keys has their tokens refused, and sessions go on with new ones", async () => {
  using fixture = await setUp();
  const { clock, kv, login, call } = fixture;
  const gateway = gatewayOf(fixture);
  const { token, refresh_token } = await login();
  await gateway.verify(token);
  await rotateKeys({ kv, internalKey: INTERNAL_KEY, clock, compromised: true });
  clock.jump(20_000);
  const response = await call("/auth/refresh", { method: "POST", body: { refresh_token } });
  await gateway.verify((await response.json()).token);
  assertEquals(gateway.peek(token), undefined);
  assertEquals((await assertRejects(() => gateway.verify(token), TokenError)).code, "unknown_key");
});

Deno.test("rotateKeys() twice at the same moment adds both keys", async () => {
  using fixture = await setUp();
  const { clock, kv, call } = fixture;
  const rotate = () => rotateKeys({ kv, internalKey: INTERNAL_KEY, clock });
  await call("/auth/.well-known/jwks.json").then((response) => response.body?.cancel());
  const rotations = await Promise.all([rotate(), rotate()]);
  clock.jump(700_000);
  const { keys } = await (await call("/auth/.well-known/jwks.json")).json();
  const kids = keys.map((key: { kid: string }) => key.kid);
  for (const { kid } of rotations) assertEquals(kids.includes(kid), true);
});

Deno.test("rotateKeys() refuses a negative time", async () => {
  using kv = await Deno.openKv(":memory:");
  await assertRejects(
    () => rotateKeys({ kv, internalKey: INTERNAL_KEY, keysMaxAge: -1 }),
    RangeError,
    "got -1",
  );
});
