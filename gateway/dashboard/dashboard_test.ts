import { createAssertionSigner } from "@flotilla/auth/verify";
import { ProblemError } from "@flotilla/runtime";
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { principalOf } from "../testdata/fixture.ts";
import { createDashboard, type Dashboard, type DashboardOptions } from "./dashboard.ts";
import { EMPTY_TOPOLOGY } from "./published_topology.ts";

const KEY = "an internal key of 32 characters";

function dashboard(more: Partial<DashboardOptions> = {}): Dashboard {
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
    ...more,
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

const CONTROL = "http://127.0.0.1:40123";
const PAGE = { ...COOKIE, "sec-fetch-site": "same-origin" };

/** A dashboard of a system whose supervisor answers an order like this. */
function operated(answer: () => Response) {
  const given: { url: string; token: string | null; body: unknown }[] = [];
  const recorded: unknown[] = [];
  const pages = dashboard({
    topology: () => ({ control: CONTROL, instances: [] }),
    adminToken: "an-admin-token-for-tests",
    async call(request) {
      given.push({
        url: request.url,
        token: request.headers.get("authorization"),
        body: await request.json(),
      });
      return answer();
    },
    audit:
      () => [{ id: "1", at: "2026-01-02T03:04:05Z", by: "somebody", what: "drain <b>x</b>", failure: "No" }],
    record: (entry) => {
      recorded.push(entry);
      return Promise.resolve();
    },
  });
  return { given, pages, recorded };
}

async function formToken(pages: Dashboard): Promise<string> {
  const page = await (await send(pages, "/dashboard", { headers: COOKIE })).text();
  return /data-form-token="([^"]+)"/.exec(page)?.[1] ?? "";
}

async function give(pages: Dashboard, order: object): Promise<Response> {
  const headers = { ...PAGE, "x-csrf-token": await formToken(pages) };
  return await send(pages, "/dashboard/orders", { method: "POST", headers, body: JSON.stringify(order) });
}

const lines = (...progress: object[]) =>
  new Response(progress.map((line) => `${JSON.stringify(line)}\n`).join(""));

Deno.test("createDashboard() passes orders on to the supervisor, and says who gives them", async () => {
  const { given, pages, recorded } = operated(() => lines({ step: "service_3 starts" }, { outcome: "done" }));
  using _pages = pages;
  const order = { order: "scale", group: "service", count: 3 };
  assertEquals((await give(pages, order)).status, 204);
  assertEquals(given, [{
    url: `${CONTROL}/orders`,
    token: "Bearer an-admin-token-for-tests",
    body: { by: "admin", order },
  }]);
  assertEquals(recorded, [], "the supervisor enters it itself");
});

Deno.test("createDashboard() says when an order is still under way", async () => {
  const { pages } = operated(() => lines({ step: "service_3 starts" }));
  using _pages = pages;
  assertEquals((await give(pages, { order: "scale", group: "service", count: 3 })).status, 202);
});

Deno.test("createDashboard() passes on why an order is refused or fails, and enters what did not get there", async () => {
  const refusal = Response.json({ detail: "service is being scaled" }, { status: 409 });
  const cases = [
    [() => refusal, 409, "service is being scaled", 0],
    [() => lines({ outcome: "failed", reason: "edge does not answer" }), 502, "edge does not answer", 0],
    [
      () => {
        throw new TypeError("refused");
      },
      502,
      "The order could not be given",
      1,
    ],
  ] as const;
  for (const [answer, status, message, entries] of cases) {
    const { pages, recorded } = operated(answer);
    using _pages = pages;
    const error = await assertRejects(
      () => give(pages, { order: "drain", instance: "service_1" }),
      ProblemError,
      message,
    );
    assertEquals([error.status, recorded.length], [status, entries]);
  }
});

Deno.test("createDashboard() asks for the confirmation on a page of its own where no script runs", async () => {
  const { given, pages } = operated(() => lines({ outcome: "done" }));
  using _pages = pages;
  const asked = await send(pages, "/dashboard/confirm?order=weigh&instance=service_1", { headers: COOKIE });
  const page = await asked.text();
  const fields = [...page.matchAll(/name="(\w+)"[^>]*value="([^"]*)"/g)].map((
    [, name = "", value = ""],
  ) => [name, value]);
  const body = new URLSearchParams([...fields.filter(([name]) => name !== "weight"), ["weight", "2.5"]]);
  assertEquals((await send(pages, "/dashboard/orders", { method: "POST", headers: PAGE, body })).status, 303);
  assertEquals(given[0]?.body, {
    by: "admin",
    order: { order: "weigh", instance: "service_1", weight: 2.5 },
  });
  body.set("token", "another");
  const forged = () => send(pages, "/dashboard/orders", { method: "POST", headers: PAGE, body });
  await assertRejects(forged, ProblemError, "out of date");
  await assertRejects(() => send(pages, "/dashboard/confirm?order=kill", { headers: COOKIE }), ProblemError);
});

Deno.test("createDashboard() shows the orders that were given, as text", async () => {
  using pages = operated(() => lines()).pages;
  const page = await (await send(pages, "/dashboard", { headers: COOKIE })).text();
  assertStringIncludes(page, "drain &lt;b&gt;x&lt;/b&gt;");
  assertStringIncludes(page, "by somebody · 2026-01-02 03:04:05 UTC · No");
});
