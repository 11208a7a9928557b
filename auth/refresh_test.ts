import { assertEquals, assertNotEquals } from "@std/assert";
import { type AuthFixture, setUp, type Tokens } from "./testdata/fixture.ts";

const DAY = 86_400_000;

async function refresh({ call }: AuthFixture, refresh_token: string): Promise<Tokens | number> {
  const response = await call("/auth/refresh", { method: "POST", body: { refresh_token } });
  const body = await response.json();
  return response.status === 200 ? body : response.status;
}

async function refreshed(fixture: AuthFixture, refreshToken: string): Promise<Tokens> {
  const answer = await refresh(fixture, refreshToken);
  if (typeof answer === "number") throw new Error(`The refresh answered ${answer}`);
  return answer;
}

Deno.test("POST /auth/refresh gives tokens of the same session, and another refresh token", async () => {
  using fixture = await setUp();
  const before = await fixture.login();
  const after = await refreshed(fixture, before.refresh_token);
  const [one, two] = [await fixture.principal(before.token), await fixture.principal(after.token)];
  assertEquals([two.session, two.subject, after.expires_in], [one.session, "admin", 900]);
  assertNotEquals([after.refresh_token, two.tokenId], [before.refresh_token, one.tokenId]);
});

Deno.test("POST /auth/refresh ends the whole family when a used token comes again", async () => {
  using fixture = await setUp();
  const first = (await fixture.login()).refresh_token;
  const second = (await refreshed(fixture, first)).refresh_token;
  fixture.clock.jump(10_000);
  assertEquals(await refresh(fixture, first), 401);
  assertEquals(await refresh(fixture, second), 401, "The one in force dies with its family");
});

Deno.test("POST /auth/refresh ends the family at once for a token that is older than the one before", async () => {
  using fixture = await setUp();
  const first = (await fixture.login()).refresh_token;
  const second = (await refreshed(fixture, first)).refresh_token;
  const third = (await refreshed(fixture, second)).refresh_token;
  assertEquals(await refresh(fixture, first), 401);
  assertEquals(await refresh(fixture, third), 401);
});

Deno.test("POST /auth/refresh gives the token in force again within the reuse interval", async () => {
  using fixture = await setUp();
  const first = (await fixture.login()).refresh_token;
  const second = (await refreshed(fixture, first)).refresh_token;
  fixture.clock.jump(9_999);
  assertEquals((await refreshed(fixture, first)).refresh_token, second);
  await refreshed(fixture, second);
});

Deno.test("POST /auth/refresh from many tabs at once gives all the same next token", async () => {
  using fixture = await setUp();
  const { refresh_token } = await fixture.login();
  const answers = await Promise.all(Array.from({ length: 8 }, () => refreshed(fixture, refresh_token)));
  assertEquals(new Set(answers.map((answer) => answer.refresh_token)).size, 1);
});

Deno.test("POST /auth/refresh keeps a session while it is used, up to its absolute end", async () => {
  using fixture = await setUp();
  const { clock } = fixture;
  let { refresh_token } = await fixture.login();
  for (let day = 0; day < 87; day += 29) {
    clock.jump(29 * DAY);
    refresh_token = (await refreshed(fixture, refresh_token)).refresh_token;
  }
  clock.jump(3 * DAY);
  assertEquals(await refresh(fixture, refresh_token), 401);
});

Deno.test("POST /auth/refresh refuses a session that was idle for too long", async () => {
  using fixture = await setUp();
  const { refresh_token } = await fixture.login();
  fixture.clock.jump(30 * DAY);
  assertEquals(await refresh(fixture, refresh_token), 401);
});

Deno.test("POST /auth/refresh refuses a forged token, and the access token in its place, without harm to the session", async () => {
  using fixture = await setUp();
  const { token, refresh_token } = await fixture.login();
  const [session, , mac] = refresh_token.split(".");
  for (const forged of ["nonsense", token, `${session}.7.${mac}`]) {
    assertEquals(await refresh(fixture, forged), 401, forged);
  }
  await refreshed(fixture, refresh_token);
});

Deno.test("POST /auth/refresh refuses the session of an account that was deleted", async () => {
  using fixture = await setUp();
  const { refresh_token } = await fixture.login();
  await fixture.kv.delete(["auth", "user", "admin"]);
  assertEquals(await refresh(fixture, refresh_token), 401);
});
