import { createAssertionSigner } from "@flotilla/auth/verify";
import { ProblemError } from "@flotilla/runtime";
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { principalOf } from "../testdata/fixture.ts";
import { createDashboard, type Dashboard } from "./dashboard.ts";
import { EMPTY_TOPOLOGY } from "./published_topology.ts";

const KEY = "an internal key of 32 characters";

function dashboard(): Dashboard {
  return createDashboard({
    async auth(request) {
      if (new URL(request.url).pathname === "/auth/logout") return new Response(null, { status: 204 });
      const { username } = await request.json();
      const tokens = { token_type: "Bearer", expires_in: 600, refresh_token: "r" };
      return Response.json({ token: `token-${username}`, ...tokens });
    },
    worker: () => Response.json({ tasks: [] }),
    verifier: {
      peek: () => undefined,
      verify: (token) => Promise.resolve(principalOf(token.replace("token-", ""))),
    },
    assertions: createAssertionSigner({ key: KEY, issuer: "api_gateway_1" }),
    internalKey: KEY,
    instance: "api_gateway_1",
    topology: () => EMPTY_TOPOLOGY,
    call: () => Promise.reject(new TypeError("Nobody is called")),
  });
}

function send(pages: Dashboard, path: string, init: RequestInit = {}): Promise<Response> {
  const page = {
    requestId: "r-1",
    address: undefined,
    secure: false,
    draining: new AbortController().signal,
  };
  return pages.fetch(new Request(`http://gateway${path}`, init), page);
}

function signIn(pages: Dashboard, username: string, site = "same-origin"): Promise<Response> {
  const body = new URLSearchParams({ username, password: "password" });
  return send(pages, "/dashboard/sign-in", { method: "POST", body, headers: { "sec-fetch-site": site } });
}

function order(pages: Dashboard, headers: Record<string, string>): Promise<Response> {
  return send(pages, "/dashboard/orders", { method: "POST", headers, body: '{"order":"report"}' });
}

const COOKIE = { cookie: "flotilla_access=token-admin" };

Deno.test("createDashboard() shows who is not signed in where to sign in, under a strict policy", async () => {
  using pages = dashboard();
  const response = await send(pages, "/dashboard");
  assertStringIncludes(await response.text(), "Password");
  assertMatch(response.headers.get("content-security-policy") ?? "", /default-src 'none'; script-src 'self'/);
});

Deno.test("createDashboard() keeps the session of an administrator where no script and no other site gets at it", async () => {
  using pages = dashboard();
  const { status, headers } = await signIn(pages, "admin");
  assertEquals([status, headers.get("location")], [303, "/dashboard"]);
  for (const cookie of headers.getSetCookie()) {
    assertMatch(cookie, /Path=\/dashboard; HttpOnly; SameSite=Strict/);
  }
});

Deno.test("createDashboard() refuses who is no administrator, and keeps nothing", async () => {
  using pages = dashboard();
  const response = await signIn(pages, "someone");
  assertEquals([response.status, response.headers.getSetCookie()], [403, []]);
  await response.body?.cancel();
});

Deno.test("createDashboard() refuses a sign-in and an order that another site's page sends", async () => {
  using pages = dashboard();
  const error = await assertRejects(() => signIn(pages, "admin", "cross-site"), ProblemError);
  assertEquals(error.status, 403);
  await assertRejects(
    () => order(pages, { ...COOKIE, "sec-fetch-site": "cross-site" }),
    ProblemError,
    "this site",
  );
});

Deno.test("createDashboard() takes an order only with the token of the session's page", async () => {
  using pages = dashboard();
  const fields = { ...COOKIE, "sec-fetch-site": "same-origin" };
  await assertRejects(() => order(pages, fields), ProblemError, "out of date");
  const page = await (await send(pages, "/dashboard", { headers: COOKIE })).text();
  const token = /data-form-token="([^"]+)"/.exec(page)?.[1];
  assert(token !== undefined, page);
  assertEquals((await order(pages, { ...fields, "x-csrf-token": token })).status, 204);
});
