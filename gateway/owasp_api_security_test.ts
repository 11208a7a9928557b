// The OWASP API Security Top 10 (2023) as far as the gateway answers for it, one test or more for each row. What the
// inner roles answer for is tested there, and all of it together through the whole system.
import {
  ASSERTION_HEADER,
  createAssertionSigner,
  createTokenVerifier,
  fixedKeys,
  TOKEN_AUDIENCE,
  TOKEN_ISSUER,
  TOKEN_TYPE,
} from "@flotilla/auth/verify";
import { ManualClock } from "@flotilla/runtime/testing";
import { assert, assertEquals, assertNotMatch } from "@std/assert";
import { exportJWK, generateKeyPair, type JWTHeaderParameters, SignJWT } from "jose";
import { createLocalPermitStore } from "./limits/local_permit_store.ts";
import { createRateLimiter } from "./limits/rate_limiter.ts";
import { ROUTE_TABLE } from "./route_table.ts";
import { fixture, json, principalOf } from "./testdata/fixture.ts";
import { fitting } from "./testdata/fitting_request.ts";

async function statusOf(pending: Promise<Response>): Promise<number> {
  const response = await pending;
  await response.body?.cancel();
  return response.status;
}

const INNER_ROUTES = ROUTE_TABLE.filter(({ upstream }) => upstream !== "gateway");

Deno.test("API1:2023 Broken Object Level Authorization: whose objects are meant is told by the token and by nothing else", async () => {
  const { call, seen } = fixture();
  const forged = await createAssertionSigner({
    key: "an internal key of 32 characters",
    issuer: "api_gateway_1",
  })
    .sign({ kind: "user", principal: principalOf("bob") });
  const headers = {
    [ASSERTION_HEADER]: forged,
    "x-flotilla-caller": "bob",
    "x-user": "bob",
    "x-forwarded-user": "bob",
    cookie: "user=bob",
  };
  for (const route of INNER_ROUTES.filter(({ access }) => access !== "public" && access !== "users:manage")) {
    const { target, init } = fitting(route);
    assertEquals(
      await statusOf(call(target, { ...init, headers: { ...init.headers, ...headers } }, "ann")),
      200,
    );
    const caller = seen.at(-1)?.caller;
    assertEquals(caller, { kind: "user", principal: principalOf("ann") }, route.name);
  }
});

async function tokens() {
  const { privateKey, publicKey } = await generateKeyPair("EdDSA", { extractable: true });
  const { x = "" } = await exportJWK(publicKey);
  const keys = await fixedKeys([{ kty: "OKP", crv: "Ed25519", x, kid: "k-1", alg: "EdDSA", use: "sig" }]);
  const claims = { sub: "ann", jti: "t-1", sid: "s-1", role: "user", rights: ["data:read"] };
  async function sign(
    change: { header?: object; claims?: object; key?: CryptoKey | Uint8Array } = {},
  ): Promise<string> {
    const now = Math.floor(Date.now() / 1_000);
    const times = { iat: now, nbf: now, exp: now + 600, iss: TOKEN_ISSUER, aud: TOKEN_AUDIENCE };
    const header: JWTHeaderParameters = { alg: "EdDSA", typ: TOKEN_TYPE, kid: "k-1", ...change.header };
    return await new SignJWT({ ...claims, ...times, ...change.claims }).setProtectedHeader(header)
      .sign(change.key ?? privateKey);
  }
  return { keys, sign, publicKey: x };
}

Deno.test("API2:2023 Broken Authentication: tokens that are forged, foreign, over, of another kind or withdrawn are refused", async () => {
  const { keys, sign, publicKey } = await tokens();
  const ended = new Set<string>();
  const verifier = createTokenVerifier({ keys, isRevoked: ({ session }) => ended.has(session) });
  const { call, seen } = fixture({ verifier });
  const send = (token: string) => statusOf(call("/data", { headers: { authorization: `Bearer ${token}` } }));
  const [head = "", payload = "", signature = ""] = (await sign()).split(".");
  const none = btoa('{"alg":"none","typ":"at+jwt","kid":"k-1"}').replaceAll("=", "");
  const other = await generateKeyPair("EdDSA");
  const past = Math.floor(Date.now() / 1_000) - 3_600;
  const refused = {
    "without a signature": `${none}.${payload}.`,
    "changed": `${head}.${payload.slice(0, -2)}AA.${signature}`,
    "signed with the public key as a secret": await sign({
      header: { alg: "HS256" },
      key: new TextEncoder().encode(publicKey),
    }),
    "signed with another key": await sign({ key: other.privateKey }),
    "of another type": await sign({ header: { typ: "JWT" } }),
    "with a key of its own": await sign({ header: { jwk: {}, jku: "http://evil/", kid: "k-2" } }),
    "for somebody else": await sign({ claims: { aud: "another-api" } }),
    "of another issuer": await sign({ claims: { iss: "somebody" } }),
    "over": await sign({ claims: { exp: past } }),
    "not valid yet": await sign({ claims: { nbf: Math.floor(Date.now() / 1_000) + 3_600 } }),
    "without an end": await sign({ claims: { exp: undefined } }),
  };
  for (const [how, token] of Object.entries(refused)) assertEquals([how, await send(token)], [how, 401]);
  assertEquals(
    await statusOf(call(`/data?access_token=${await sign()}`)),
    401,
    "A token in the query was taken",
  );
  assertEquals(seen.length, 0);
  const token = await sign();
  assertEquals(await send(token), 200);
  ended.add("s-1");
  assertEquals(await send(token), 401, "A token that was seen before was taken after its session had ended");
});

Deno.test("API3:2023 Broken Object Property Level Authorization: members that are not the client's to set are refused", async () => {
  const { call, seen } = fixture();
  const attempts = [
    ["POST", "/data", { value: 1, owner: "admin" }],
    ["POST", "/data", { value: 1, version: 99 }],
    ["PUT", "/data/x", { value: 1, created: "2000-01-01T00:00:00Z" }],
    ["POST", "/auth/users", { username: "eve", password: "correct horse battery", rights: ["users:manage"] }],
    ["POST", "/auth/users", { username: "eve", password: "correct horse battery", passwordHash: "x" }],
    ["PATCH", "/auth/users/eve", { epoch: 0 }],
  ] as const;
  for (const [method, target, content] of attempts) {
    assertEquals([target, await statusOf(call(target, json(method, content), "admin"))], [target, 422]);
  }
  assertEquals(seen.length, 0);
});

Deno.test("API3:2023 Broken Object Property Level Authorization: what inner roles tell each other is not told to clients", async () => {
  const headers = {
    "x-flotilla-assertion": "secret",
    "x-flotilla-timeout": "1",
    via: "1.1 inner",
    server: "inner",
  };
  const { call } = fixture({ inner: () => Promise.resolve(new Response("{}", { headers })) });
  const response = await call("/data", {}, "ann");
  await response.body?.cancel();
  for (const name of Object.keys(headers)) assertEquals(response.headers.get(name), null, name);
});

Deno.test("API4:2023 Unrestricted Resource Consumption: every route bounds content, time and pages", () => {
  for (
    const { name, body, timeout, query, streamed = false } of ROUTE_TABLE.map((route) => ({
      ...route,
      streamed: route.body?.streamed,
    }))
  ) {
    assert(timeout > 0 && timeout <= 600_000, name);
    if (body !== undefined) assert(body.limit <= (streamed ? 67_108_864 : 1_048_576), name);
    const limit = query?.shape["limit"];
    if (limit !== undefined) assertEquals(query?.safeParse({ limit: "100000" }).success, false, name);
  }
});

Deno.test("API4:2023 Unrestricted Resource Consumption: a caller that asks too much is told to wait", async () => {
  const { call, seen } = limited(5);
  const statuses = [];
  for (let i = 0; i < 8; i++) statuses.push(await statusOf(call("/data", {}, "ann")));
  assertEquals(statuses, [200, 200, 200, 200, 200, 429, 429, 429]);
  assertEquals(seen.length, 5);
});

Deno.test("API5:2023 Broken Function Level Authorization: administration is closed to users and to tricks with the method", async () => {
  const { call, seen } = fixture();
  for (const route of ROUTE_TABLE.filter(({ access }) => access === "users:manage")) {
    const { target, init } = fitting(route);
    assertEquals([route.name, await statusOf(call(target, init, "ann"))], [route.name, 403]);
    assertEquals([route.name, await statusOf(call(target, init))], [route.name, 401]);
  }
  assertEquals(seen.length, 0);
  const override = { "x-http-method-override": "DELETE", "x-method-override": "DELETE" };
  assertEquals(await statusOf(call("/data/x?_method=DELETE", { headers: override }, "ann")), 200);
  assertEquals([seen[0]?.method, seen[0]?.headers.get("x-http-method-override")], ["GET", null]);
});

Deno.test("API6:2023 Unrestricted Access to Sensitive Business Flows: signing in is limited by address, whatever a client claims", async () => {
  const { gateway, seen } = limited(3);
  const statuses = [];
  for (let i = 0; i < 5; i++) {
    const init = json("POST", { username: `user-${i}`, password: "guess" }, {
      "x-forwarded-for": `203.0.113.${i}`,
    });
    const request = new Request("http://gateway/auth/login", init);
    const remoteAddr = { transport: "tcp", hostname: "192.0.2.1", port: 1 } as const;
    statuses.push(await statusOf(gateway.fetch(request, { remoteAddr })));
  }
  assertEquals(statuses, [200, 200, 200, 429, 429]);
  assertEquals(seen[0]?.caller, { kind: "anonymous", address: "192.0.2.1" });
});

Deno.test("API7:2023 Server Side Request Forgery: no request chooses where the gateway calls", async () => {
  const hosts = new Set<string>();
  const { gateway } = fixture({
    inner(request) {
      hosts.add(new URL(request.url).host);
      return Promise.resolve(new Response("{}"));
    },
  });
  const headers = {
    authorization: "Bearer token-ann",
    host: "evil.example",
    "x-forwarded-host": "evil.example",
  };
  const targets = [
    "http://evil.example/data",
    "http://gateway/data/x?url=http://evil.example",
    "http://gateway//evil.example/data",
    "http://gateway/@evil.example/data",
    "http://gateway/data/http:%2f%2fevil.example",
    "http://ann@evil.example/data",
  ];
  for (const target of targets) {
    const url = new URL(target);
    url.username = "";
    await statusOf(gateway.fetch(new Request(url, { headers })));
  }
  assertEquals([...hosts], ["service"]);
});

Deno.test("API8:2023 Security Misconfiguration: failures tell nothing of the inside, and no method but those of the table is taken", async () => {
  const { call } = fixture({
    inner: () =>
      Promise.reject(new TypeError("connect ECONNREFUSED 10.1.2.3:5011 at /srv/flotilla/auth.ts:1")),
  });
  const response = await call("/data", {}, "ann");
  const text = await response.text();
  assertEquals([response.status, response.headers.get("content-type")], [502, "application/problem+json"]);
  assertNotMatch(text, /10\.1\.2\.3|\.ts|ECONN/);
  for (const method of ["PROPFIND", "LOCK", "LINK"]) {
    assertEquals(await statusOf(call("/data", { method }, "ann")), 405, method);
  }
  for (
    const name of ["x-content-type-options", "content-security-policy", "cache-control", "referrer-policy"]
  ) {
    assert(response.headers.has(name), name);
  }
  assertEquals(response.headers.get("access-control-allow-origin"), null);
});

Deno.test("API9:2023 Improper Inventory Management: what is not described cannot be reached, inner endpoints least of all", async () => {
  const { call, seen } = fixture();
  const { paths } = await (await call("/openapi.json")).json();
  assertEquals(Object.keys(paths).length, new Set(ROUTE_TABLE.map(({ path }) => path)).size);
  const targets = [
    "/metrics",
    "/snapshot",
    "/admin",
    "/v1/data",
    "/auth/internal",
    "/auth/keys",
    "/debug",
    "/.env",
  ];
  for (const target of targets) {
    assertEquals([target, await statusOf(call(target, { headers: { via: "1.1 edge" } }, "admin"))], [
      target,
      404,
    ]);
  }
  assertEquals(seen.length, 0);
});

Deno.test("API10:2023 Unsafe Consumption of APIs: an inner answer that leads elsewhere is not followed, one that does not come is not waited for", async () => {
  let calls = 0;
  const { call } = fixture({
    inner() {
      calls++;
      return Promise.resolve(
        new Response(null, { status: 302, headers: { location: "http://169.254.169.254/" } }),
      );
    },
  });
  assertEquals([await statusOf(call("/data", {}, "ann")), calls], [302, 1]);

  const clock = new ManualClock();
  const late = fixture({
    clock,
    inner: ({ signal }) =>
      new Promise((_, reject) => {
        if (signal.aborted) reject(signal.reason);
        signal.addEventListener("abort", () => reject(signal.reason));
      }),
  });
  const pending = statusOf(late.call("/data", {}, "ann"));
  while (clock.pending === 0) await clock.advance(0);
  await clock.advance(10_000);
  assertEquals(await pending, 504);
});

function limited(quota: number) {
  const clock = new ManualClock();
  const store = createLocalPermitStore();
  const limiter = (name: string) =>
    createRateLimiter({ policy: { name, quota, window: 60_000 }, store, clock });
  return fixture({ clock, limiters: { caller: limiter("caller"), address: limiter("address") } });
}
