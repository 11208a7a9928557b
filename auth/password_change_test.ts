import { eventually } from "@flotilla/runtime/testing";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { createRevocationWatcher } from "./revocation_watcher.ts";
import { type AuthFixture, setUp } from "./testdata/fixture.ts";

const NEW = "a wet, quiet harbour";

async function change(
  { call, callerOf }: AuthFixture,
  token: string,
  body: unknown = { current_password: "password", new_password: NEW },
) {
  const response = await call("/auth/password", { method: "PUT", body, caller: await callerOf(token) });
  const text = await response.text();
  return { status: response.status, text };
}

async function refreshStatus({ call }: AuthFixture, refresh_token: string): Promise<number> {
  const response = await call("/auth/refresh", { method: "POST", body: { refresh_token } });
  await response.body?.cancel();
  return response.status;
}

Deno.test("PUT /auth/password changes the password", async () => {
  using fixture = await setUp();
  assertEquals((await change(fixture, (await fixture.login()).token)).status, 204);
  await fixture.login("admin", NEW);
  const old = await fixture.call("/auth/login", {
    method: "POST",
    body: { username: "admin", password: "password" },
  });
  await old.body?.cancel();
  assertEquals(old.status, 401);
});

Deno.test("PUT /auth/password ends every other session and its tokens, and keeps the one that asked", async () => {
  using fixture = await setUp();
  using watcher = createRevocationWatcher(fixture);
  const [asking, other] = [await fixture.login(), await fixture.login()];
  assertEquals((await change(fixture, asking.token)).status, 204);
  const [kept, ended] = [await fixture.principal(asking.token), await fixture.principal(other.token)];
  await eventually(() => watcher.isRevoked(ended), { what: "the revocation to arrive" });
  assertEquals(watcher.isRevoked(kept), false);
  assertEquals(await refreshStatus(fixture, other.refresh_token), 401);
  assertEquals(await refreshStatus(fixture, asking.refresh_token), 200);
  const me = await fixture.call("/auth/me", { caller: await fixture.callerOf(other.token) });
  await me.body?.cancel();
  assertEquals(me.status, 401);
  assertEquals(watcher.isRevoked(await fixture.principal((await fixture.login("admin", NEW)).token)), false);
});

Deno.test("PUT /auth/password answers 403 for a wrong current password, and limits the guesses", async () => {
  using fixture = await setUp();
  const { token } = await fixture.login();
  const wrong = { current_password: "wrong", new_password: NEW };
  for (let i = 0; i < 11; i++) assertEquals((await change(fixture, token, wrong)).status, 403);
  assertEquals((await change(fixture, token)).status, 429);
});

Deno.test("PUT /auth/password answers 422 that says why for a weak password, or the same one", async () => {
  using fixture = await setUp();
  const { token } = await fixture.login();
  const attempt = (new_password: string) =>
    change(fixture, token, { current_password: "password", new_password });
  for (
    const [password, why] of [["short", "at least 12 characters, and has 5"], [
      "password1234",
      "common words",
    ], [
      "password",
      "the one in use",
    ]] as const
  ) {
    const { status, text } = await attempt(password);
    assertEquals(status, 422);
    assertStringIncludes(JSON.parse(text).detail, why);
    assertEquals(JSON.parse(text).errors[0].pointer, "/new_password");
  }
});

Deno.test("PUT /auth/password twice at the same moment succeeds once from each session at most", async () => {
  using fixture = await setUp();
  const sessions = [await fixture.login(), await fixture.login()];
  const statuses = await Promise.all(
    sessions.map(async ({ token }) => (await change(fixture, token)).status),
  );
  assertEquals(statuses.toSorted(), [204, 401]);
});

Deno.test("PUT /auth/password answers 401 from a session that has ended, and to an anonymous caller", async () => {
  using fixture = await setUp();
  const { token } = await fixture.login();
  const caller = await fixture.callerOf(token);
  await fixture.call("/auth/logout", { method: "POST", caller });
  assertEquals((await change(fixture, token)).status, 401);
  const anonymous = await fixture.call("/auth/password", { method: "PUT", body: {} });
  await anonymous.body?.cancel();
  assertEquals(anonymous.status, 401);
});
