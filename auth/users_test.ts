import { eventually } from "@flotilla/runtime/testing";
import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Caller } from "./principal.ts";
import { createRevocationWatcher } from "./revocation_watcher.ts";
import { type AuthFixture, setUp } from "./testdata/fixture.ts";

const PASSWORD = "a wet, quiet harbour";

/** An auth service, and its admin's way to call it. */
async function administration() {
  const fixture = await setUp();
  const admin = await fixture.callerOf((await fixture.login()).token);
  const request = async (method: string, path: string, body?: unknown, caller: Caller = admin) => {
    const response = await fixture.call(path, { method, body, caller });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === "" ? undefined : JSON.parse(text),
    };
  };
  const create = (username: string, more: object = {}) =>
    request("POST", "/auth/users", { username, password: PASSWORD, ...more });
  return { fixture, admin, request, create, [Symbol.dispose]: () => fixture[Symbol.dispose]() };
}

async function refreshStatus({ call }: AuthFixture, refresh_token: string): Promise<number> {
  const response = await call("/auth/refresh", { method: "POST", body: { refresh_token } });
  await response.body?.cancel();
  return response.status;
}

Deno.test("POST /auth/users makes an account that can sign in, with role user unless told otherwise", async () => {
  using setup = await administration();
  const { status, headers, body } = await setup.create("Ann");
  assertEquals([status, headers.get("location"), body.username, body.role], [
    201,
    "/auth/users/ann",
    "ann",
    "user",
  ]);
  assertEquals("passwordHash" in body, false);
  const { role, rights } = await setup.fixture.principal((await setup.fixture.login("ann", PASSWORD)).token);
  assertEquals([role, rights.includes("users:manage")], ["user", false]);
});

Deno.test("POST /auth/users answers 409 for a name that is taken, and 422 for what does not fit", async () => {
  using setup = await administration();
  await setup.create("ann");
  assertEquals((await setup.create("ANN")).status, 409);
  assertEquals((await setup.create("not a name")).status, 422);
  assertEquals((await setup.create("ben", { role: "root" })).status, 422);
  assertEquals((await setup.create("ben", { rights: ["users:manage"] })).status, 422);
  const weak = await setup.create("ben", { password: "ben-2026" });
  assertEquals(weak.status, 422);
  assertStringIncludes(weak.body.detail, "at least 12 characters, and has 8");
});

Deno.test("GET /auth/users lists all accounts, page by page, without their hashes", async () => {
  using setup = await administration();
  for (const name of ["ben", "ann", "cleo"]) await setup.create(name);
  const names: string[] = [];
  let next: string | null = "";
  while (next !== null) {
    const query: string = next === "" ? "" : `&cursor=${encodeURIComponent(next)}`;
    const { body } = await setup.request("GET", `/auth/users?limit=2${query}`);
    names.push(...body.users.map(({ username }: { username: string }) => username));
    assertEquals(JSON.stringify(body).includes("argon2"), false);
    next = body.next;
  }
  assertEquals(names, ["admin", "ann", "ben", "cleo"]);
});

Deno.test("GET /auth/users answers 400 for a limit or a cursor that does not fit", async () => {
  using setup = await administration();
  for (const query of ["limit=0", "limit=501", "limit=x", "cursor=%00"]) {
    assertEquals([query, (await setup.request("GET", `/auth/users?${query}`)).status], [query, 400]);
  }
});

Deno.test("GET /auth/users/:username shows one account, 404 for none", async () => {
  using setup = await administration();
  assertEquals((await setup.request("GET", "/auth/users/ADMIN")).body.username, "admin");
  assertEquals((await setup.request("GET", "/auth/users/nobody")).status, 404);
  assertEquals((await setup.request("GET", "/auth/users/%20%2F")).status, 404);
});

Deno.test("PATCH /auth/users/:username ends the sessions of an account whose role, password or state changes", async () => {
  using setup = await administration();
  using watcher = createRevocationWatcher(setup.fixture);
  await setup.create("ann", { role: "admin" });
  const changes = [{ role: "user" }, { password: "another, louder harbour" }, { disabled: true }];
  let password = PASSWORD;
  for (const change of changes) {
    setup.fixture.clock.jump(1);
    const { token, refresh_token } = await setup.fixture.login("ann", password);
    const principal = await setup.fixture.principal(token);
    assertEquals(watcher.isRevoked(principal), false);
    const { status } = await setup.request("PATCH", "/auth/users/ann", change);
    assertEquals(status, 200);
    await eventually(() => watcher.isRevoked(principal), { what: `the end after ${JSON.stringify(change)}` });
    assertEquals(await refreshStatus(setup.fixture, refresh_token), 401);
    password = change.password ?? password;
  }
});

Deno.test("PATCH /auth/users/:username ends nothing when nothing changes", async () => {
  using setup = await administration();
  await setup.create("ann");
  const { refresh_token } = await setup.fixture.login("ann", PASSWORD);
  assertEquals((await setup.request("PATCH", "/auth/users/ann", { role: "user" })).status, 200);
  assertEquals((await setup.request("PATCH", "/auth/users/ann", {})).status, 200);
  assertEquals(await refreshStatus(setup.fixture, refresh_token), 200);
});

Deno.test("DELETE /auth/users/:username ends the account, and a new one of its name does not revive old tokens", async () => {
  using setup = await administration();
  using watcher = createRevocationWatcher(setup.fixture);
  await setup.create("ann");
  const old = await setup.fixture.login("ann", PASSWORD);
  assertEquals((await setup.request("DELETE", "/auth/users/ann")).status, 204);
  assertEquals((await setup.request("DELETE", "/auth/users/ann")).status, 404);
  await setup.create("ann");
  const anew = await setup.fixture.login("ann", PASSWORD);
  const [before, after] = [
    await setup.fixture.principal(old.token),
    await setup.fixture.principal(anew.token),
  ];
  await eventually(() => watcher.isRevoked(before), { what: "the revocation to arrive" });
  assertEquals(watcher.isRevoked(after), false);
  assertEquals(await refreshStatus(setup.fixture, old.refresh_token), 401);
});

Deno.test("user administration answers 403 without the right, and 401 to anonymous callers", async () => {
  using setup = await administration();
  await setup.create("ann");
  const ann = await setup.fixture.callerOf((await setup.fixture.login("ann", PASSWORD)).token);
  const calls = [["GET", "/auth/users"], ["POST", "/auth/users"], ["GET", "/auth/users/admin"], [
    "PATCH",
    "/auth/users/admin",
  ], ["DELETE", "/auth/users/admin"]] as const;
  for (const [method, path] of calls) {
    const body = method === "POST" || method === "PATCH" ? {} : undefined;
    assertEquals([method, (await setup.request(method, path, body, ann)).status], [method, 403]);
    const anonymous = await setup.request(method, path, body, { kind: "anonymous" });
    assertEquals([method, anonymous.status], [method, 401]);
  }
});

Deno.test("user administration refuses whoever is no admin any longer, whatever its token says", async () => {
  using setup = await administration();
  await setup.create("ann", { role: "admin" });
  const ann = await setup.fixture.callerOf((await setup.fixture.login("ann", PASSWORD)).token);
  await setup.request("PATCH", "/auth/users/ann", { role: "user" });
  const { status } = await setup.request("POST", "/auth/users", { username: "eve", password: PASSWORD }, ann);
  assertEquals(status, 403);
  assertEquals((await setup.request("DELETE", "/auth/users/admin", undefined, ann)).status, 403);
});

Deno.test("user administration always leaves an admin: nobody changes its own account, and of two against each other one wins", async () => {
  using setup = await administration();
  for (const [method, body] of [["PATCH", { role: "user" }], ["DELETE", undefined]] as const) {
    assertEquals((await setup.request(method, "/auth/users/admin", body)).status, 409);
  }
  await setup.create("ann", { role: "admin" });
  const ann = await setup.fixture.callerOf((await setup.fixture.login("ann", PASSWORD)).token);
  const [one, other] = await Promise.all([
    setup.request("PATCH", "/auth/users/ann", { role: "user" }),
    setup.request("PATCH", "/auth/users/admin", { role: "user" }, ann),
  ]);
  assertEquals([one.status, other.status].toSorted(), [200, 403]);
});

Deno.test("GET /auth/standing tells another role whether an account is there and enabled, whatever became of its session", async () => {
  using setup = await administration();
  await setup.create("ann");
  const ann = await setup.fixture.callerOf((await setup.fixture.login("ann", PASSWORD)).token);
  const standing = async () => (await setup.request("GET", "/auth/standing", undefined, ann)).body;
  const { active, since } = await standing();
  assertEquals([active, Date.parse(since)], [true, setup.fixture.clock.now()]);
  await setup.request("PATCH", "/auth/users/ann", { disabled: true });
  assertEquals((await standing()).active, false);
  await setup.request("PATCH", "/auth/users/ann", { disabled: false });
  assertEquals((await standing()).active, true);
  await setup.request("DELETE", "/auth/users/ann");
  assertEquals(await standing(), { active: false });
  const nobody = await setup.request("GET", "/auth/standing", undefined, { kind: "anonymous" });
  assertEquals(nobody.status, 401);
});
