import { assertEquals, assertRejects } from "@std/assert";
import { eventually } from "@flotilla/runtime/testing";
import { createRevocationWatcher } from "./revocation_watcher.ts";
import { type AuthFixture, setUp } from "./testdata/fixture.ts";
import { createRemoteKeys } from "./remote_keys.ts";
import { TokenError } from "./token_error.ts";
import { createTokenVerifier } from "./token_verifier.ts";

/** A gateway as far as tokens go. */
function gatewayOf({ kv, call, clock }: AuthFixture) {
  const watcher = createRevocationWatcher({ kv, clock });
  const keys = createRemoteKeys({
    fetch: (request) => call(new URL(request.url).pathname),
    origin: "http://auth.internal",
    clock,
  });
  const verifier = createTokenVerifier({ keys, clock, isRevoked: watcher.isRevoked });
  return { verifier, [Symbol.dispose]: () => watcher[Symbol.dispose]() };
}

async function logout({ call, callerOf }: AuthFixture, token: string): Promise<number> {
  const response = await call("/auth/logout", { method: "POST", caller: await callerOf(token) });
  await response.body?.cancel();
  return response.status;
}

Deno.test("POST /auth/logout ends the session's tokens at every gateway, and its refresh token", async () => {
  using fixture = await setUp();
  using one = gatewayOf(fixture);
  using other = gatewayOf(fixture);
  const { token, refresh_token } = await fixture.login();
  const kept = await fixture.login();
  for (const { verifier } of [one, other]) await verifier.verify(token);
  assertEquals(await logout(fixture, token), 204);
  for (const { verifier } of [one, other]) {
    await eventually(() => verifier.peek(token) === undefined, { what: "the logout to arrive" });
    assertEquals((await assertRejects(() => verifier.verify(token), TokenError)).code, "revoked");
    await verifier.verify(kept.token);
  }
  const response = await fixture.call("/auth/refresh", { method: "POST", body: { refresh_token } });
  await response.body?.cancel();
  assertEquals(response.status, 401);
});

Deno.test("POST /auth/logout twice is as good as once", async () => {
  using fixture = await setUp();
  const { token } = await fixture.login();
  assertEquals([await logout(fixture, token), await logout(fixture, token)], [204, 204]);
  assertEquals((await fixture.kv.get(["auth", "revocation_head"])).value, 1);
});

Deno.test("POST /auth/logout of many at once loses none", async () => {
  using fixture = await setUp();
  const tokens = await Promise.all(Array.from({ length: 10 }, () => fixture.login()));
  await Promise.all(tokens.map(({ token }) => logout(fixture, token)));
  using watcher = createRevocationWatcher(fixture);
  await watcher.ready();
  for (const { token } of tokens) assertEquals(watcher.isRevoked(await fixture.principal(token)), true);
});

Deno.test("POST /auth/logout answers 401 to an anonymous caller", async () => {
  using fixture = await setUp();
  const response = await fixture.call("/auth/logout", { method: "POST" });
  await response.body?.cancel();
  assertEquals(response.status, 401);
});

Deno.test("a refresh token that is used again ends its session's access tokens, too", async () => {
  using fixture = await setUp();
  using gateway = gatewayOf(fixture);
  const { token, refresh_token } = await fixture.login();
  const refresh = async () => {
    const response = await fixture.call("/auth/refresh", { method: "POST", body: { refresh_token } });
    await response.body?.cancel();
  };
  await refresh();
  fixture.clock.jump(10_000);
  await gateway.verifier.verify(token);
  await refresh();
  await eventually(() => gateway.verifier.peek(token) === undefined, { what: "the revocation to arrive" });
});
