// The OWASP API Security Top 10 (2023) through the port that clients see: one test for each row.
import { eventually } from "@flotilla/runtime/testing";
import { assert, assertEquals, assertMatch, assertNotMatch, assertStringIncludes } from "@std/assert";
import { encodeBase64Url } from "@std/encoding";
import { z } from "zod";
import { type Answer, type Client, send, signIn } from "./client.ts";
import { rawRequest } from "./raw_request.ts";
import { canStartSystem, startSystem, type System } from "./system.ts";

/** Requests a minute of one caller. */
const QUOTA = 300;
const PASSWORD = "a quiet harbour at night";

const idSchema = z.object({ id: z.string() });
const tokensSchema = z.object({ token: z.string(), refresh_token: z.string() });
const tasksSchema = z.object({ tasks: z.array(idSchema) });
const taskSchema = z.object({ status: z.string(), error: z.unknown().optional() });
const recordsSchema = z.object({ data: z.array(idSchema) });
const pathsSchema = z.object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });

/** The system, its admin, and two who have nothing to do with each other. */
interface Setting {
  readonly system: System;
  readonly admin: Client;
  readonly ann: Client;
  readonly bob: Client;
}

async function newUser({ system, admin }: Omit<Setting, "ann" | "bob">, username: string): Promise<Client> {
  const json = { username, password: PASSWORD, role: "user" };
  const { status, text } = await admin.send("POST", "/auth/users", { json });
  assertEquals(status, 201, text);
  return await signIn(system.origin, { username, password: PASSWORD });
}

async function statusOf(pending: Promise<Answer>): Promise<number> {
  return (await pending).status;
}

async function objectLevel(setting: Setting): Promise<void> {
  const { ann, bob } = setting;
  const made = await ann.send("POST", "/data", { json: { id: "diary", value: 1, access: "private" } });
  assertEquals(made.status, 201, made.text);
  const queued = await ann.send("POST", "/longtask", { json: { task: "report", delay: 600 } });
  const { id } = idSchema.parse(queued.body);
  const attempts: [string, string, unknown?][] = [
    ["GET", "/data/diary"],
    ["PATCH", "/data/diary", { value: 2 }],
    ["DELETE", "/data/diary"],
    ["GET", `/longtask/${id}`],
    ["GET", `/longtask/${id}/events`],
    ["GET", `/longtask/${id}/log`],
    ["GET", `/longtask/${id}/files/report.csv`],
    ["POST", `/longtask/${id}/retry`],
    ["DELETE", `/longtask/${id}`],
  ];
  for (const [method, path, json] of attempts) {
    const answer = await bob.send(method, path, json === undefined ? {} : { json });
    assertEquals([method, path, answer.status], [method, path, 404], answer.text);
  }
  // Ids are one space for all, so that whoever wants to make a record learns that its id is taken, and no more.
  assertEquals(await statusOf(bob.send("PUT", "/data/diary", { json: { value: 2 } })), 403);
  assertEquals(await statusOf(bob.send("POST", "/data", { json: { id: "diary", value: 2 } })), 409);
  assertEquals(tasksSchema.parse((await bob.send("GET", "/longtask")).body).tasks, []);
  const listed = recordsSchema.parse((await bob.send("GET", "/data")).body).data.map((record) => record.id);
  assert(!listed.includes("diary"), "another's record is listed");
  await privateEvents(setting);
  assertEquals(await statusOf(ann.send("DELETE", `/longtask/${id}`)), 204);
}

/** Whoever follows all changes is told of the public record that ann writes, and not of the private one before it. */
async function privateEvents({ system: { origin }, ann, bob }: Setting): Promise<void> {
  const headers = { authorization: `Bearer ${bob.token}` };
  const { body } = await fetch(`${origin}/data/events`, { headers });
  assert(body !== null);
  await ann.send("PUT", "/data/diary", { json: { value: 3 } });
  await ann.send("PUT", "/data/notice", { json: { value: "for all" } });
  let text = "";
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (text.includes("notice")) break;
  }
  assert(!text.includes("diary"), text);
}

/** The token as somebody would forge it who has no key. */
function forgeries(token: string): Record<string, string> {
  const [head = "", payload = "", signature = ""] = token.split(".");
  const claims = JSON.parse(
    new TextDecoder().decode(Uint8Array.fromBase64(payload, { alphabet: "base64url" })),
  );
  const none = encodeBase64Url(JSON.stringify({ alg: "none", typ: "at+jwt" }));
  const admin = encodeBase64Url(JSON.stringify({ ...claims, role: "admin", rights: ["users:manage"] }));
  return {
    "without a signature": `${none}.${payload}.`,
    "with more rights": `${head}.${admin}.${signature}`,
    "with another signature": `${head}.${payload}.${encodeBase64Url(new Uint8Array(64))}`,
    "that is none": "x",
  };
}

async function authentication(setting: Setting): Promise<void> {
  const { system: { origin }, ann } = setting;
  for (const [how, token] of Object.entries(forgeries(ann.token))) {
    const answer = await send(origin, "GET", "/data", { headers: { authorization: `Bearer ${token}` } });
    assertEquals([how, answer.status], [how, 401]);
    assertStringIncludes(answer.headers.get("www-authenticate") ?? "", 'error="invalid_token"');
  }
  assertEquals(await statusOf(send(origin, "GET", `/data?access_token=${ann.token}`)), 401);
  const login = (username: string, password: string) =>
    send(origin, "POST", "/auth/login", { json: { username, password } });
  const [unknown, wrong] = [await login("nobody", PASSWORD), await login("ann", "not her password")];
  const withoutId = ({ status, text }: Answer) => [status, text.replace(/"request_id":"[^"]*"/, "")];
  assertEquals(withoutId(unknown), withoutId(wrong), "the answer tells which names there are");
  assertEquals(unknown.status, 401);
  await reusedRefreshToken(setting);
}

/** A refresh token that comes again after two others followed it was stolen: everything of its session ends. */
async function reusedRefreshToken({ system: { origin, originOf } }: Setting): Promise<void> {
  const login = await send(origin, "POST", "/auth/login", { json: { username: "ann", password: PASSWORD } });
  const stolen = tokensSchema.parse(login.body);
  const refresh = (refresh_token: string) =>
    send(origin, "POST", "/auth/refresh", { json: { refresh_token } });
  const second = tokensSchema.parse((await refresh(stolen.refresh_token)).body);
  const third = tokensSchema.parse((await refresh(second.refresh_token)).body);
  assertEquals(await statusOf(refresh(stolen.refresh_token)), 401);
  assertEquals(await statusOf(refresh(third.refresh_token)), 401);
  for (const gateway of ["api_gateway_1", "api_gateway_2"]) {
    const headers = { authorization: `Bearer ${third.token}` };
    await eventually(
      async () => await statusOf(send(originOf(gateway), "GET", "/data", { headers })) === 401,
      { what: `${gateway} to refuse the token of a session that has ended` },
    );
  }
}

async function propertyLevel({ admin, ann }: Setting): Promise<void> {
  const attempts: [Client, string, string, unknown][] = [
    [ann, "POST", "/data", { value: 1, owner: "admin" }],
    [ann, "POST", "/data", { value: 1, version: 99 }],
    [ann, "PUT", "/data/x", { value: 1, created: "2000-01-01T00:00:00Z" }],
    [admin, "POST", "/auth/users", { username: "eve", password: PASSWORD, rights: ["users:manage"] }],
    [admin, "POST", "/auth/users", { username: "eve", password: PASSWORD, passwordHash: "x" }],
    [admin, "PATCH", "/auth/users/ann", { epoch: 0 }],
  ];
  for (const [client, method, path, json] of attempts) {
    assertEquals([json, await statusOf(client.send(method, path, { json }))], [json, 422]);
  }
  const { text } = await admin.send("GET", "/auth/users");
  assertStringIncludes(text, '"ann"');
  assertNotMatch(text, /hash|argon|epoch/i);
  const { headers } = await ann.send("GET", "/data");
  for (const [name] of headers) assert(!name.startsWith("x-flotilla-"), name);
}

async function resources(setting: Setting): Promise<void> {
  const { ann } = setting;
  const large = await ann.send("POST", "/data", { json: { value: "x".repeat(300_000) } });
  assertEquals(large.status, 413, large.text);
  assertEquals(await statusOf(ann.send("GET", "/data?limit=100000")), 422);
  assertEquals(await statusOf(ann.send("GET", `/data/${"x".repeat(20_000)}`)), 414);
  const greedy = await newUser(setting, "greedy");
  const answers: Answer[] = [];
  const begun = performance.now();
  while (answers.length < QUOTA * 1.4) {
    answers.push(...await Promise.all(Array.from({ length: 20 }, () => greedy.send("GET", "/data"))));
  }
  const served = answers.filter(({ status }) => status === 200).length;
  // What is used up comes back within a minute: on a slow machine some of it while this goes on.
  const quota = QUOTA * (1 + (performance.now() - begun) / 60_000);
  const allowance = QUOTA * 0.05;
  assert(
    served >= QUOTA - allowance && served <= quota + allowance,
    `${served} of a quota of ${quota} were served`,
  );
  const refused = answers.filter(({ status }) => status !== 200);
  for (const { status, headers } of refused) {
    assertEquals(status, 429);
    assert(Number(headers.get("retry-after")) > 0);
    assertEquals(headers.get("ratelimit-policy"), `"caller";q=${QUOTA};w=60`);
  }
  assertEquals(await statusOf(ann.send("GET", "/data")), 200, "one caller's quota is not another's");
}

async function functionLevel({ system: { origin }, ann }: Setting): Promise<void> {
  const administration: [string, string, unknown?][] = [
    ["GET", "/auth/users"],
    ["HEAD", "/auth/users"],
    ["POST", "/auth/users", { username: "eve", password: PASSWORD, role: "admin" }],
    ["GET", "/auth/users/admin"],
    ["PATCH", "/auth/users/ann", { role: "admin" }],
    ["DELETE", "/auth/users/bob"],
  ];
  for (const [method, path, json] of administration) {
    const options = json === undefined ? {} : { json };
    assertEquals([path, await statusOf(ann.send(method, path, options))], [path, 403]);
    assertEquals([path, await statusOf(send(origin, method, path, options))], [path, 401]);
  }
  const headers = { "x-http-method-override": "DELETE", "x-method-override": "DELETE" };
  assertEquals(await statusOf(ann.send("GET", "/data/welcome?_method=DELETE", { headers })), 200);
  assertEquals(await statusOf(ann.send("GET", "/data/welcome")), 200);
}

async function businessFlows(setting: Setting): Promise<void> {
  const { system: { origin } } = setting;
  await newUser(setting, "carl");
  const guess = (turn: number, password: string) =>
    send(origin, "POST", "/auth/login", {
      json: { username: "CARL ", password },
      headers: { "x-forwarded-for": `203.0.113.${turn}`, forwarded: `for=203.0.113.${turn}` },
    });
  const statuses: number[] = [];
  for (let turn = 0; turn < 12; turn++) statuses.push((await guess(turn, `guess number ${turn}`)).status);
  assertEquals(statuses.slice(0, 10), new Array(10).fill(401));
  assert(statuses.includes(429), `guesses were answered ${statuses}`);
  const right = await guess(99, PASSWORD);
  assertEquals(right.status, 429, "whoever guesses on finds out when the guess is right");
  assert(Number(right.headers.get("retry-after")) > 0);
}

/** Queues a task that calls `url`, and tells what became of it. */
async function called({ ann }: Setting, url: string): Promise<string> {
  const queued = await ann.send("POST", "/longtask", { json: { task: "http", url } });
  if (queued.status !== 202) return queued.text;
  const { id } = idSchema.parse(queued.body);
  return await eventually(async () => {
    const { body, text } = await ann.send("GET", `/longtask/${id}`);
    return ["succeeded", "failed", "retrying"].includes(taskSchema.parse(body).status) ? text : undefined;
  }, { interval: 100, what: `the task that calls ${url}` });
}

async function requestForgery(setting: Setting): Promise<void> {
  const { system, ann } = setting;
  const inside = new URL(system.originOf("database"));
  for (
    const host of ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "169.254.169.254", "0.0.0.0"]
  ) {
    const text = await called(setting, `http://${host}:${inside.port}/`);
    assertStringIncludes(text, "is no address of the public internet", host);
  }
  const request = (target: string, host: string) =>
    rawRequest(
      system.origin,
      `GET ${target} HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${ann.token}\r\nconnection: close\r\n\r\n`,
    );
  for (
    const [target, host] of [[`${inside.origin}/metrics`, inside.host], ["/metrics", inside.host]] as const
  ) {
    assertStringIncludes(await request(target, host), "HTTP/1.1 404");
  }
}

async function misconfiguration({ system: { origin }, ann }: Setting): Promise<void> {
  const failures = [
    await send(origin, "GET", "/nowhere"),
    await ann.send("PROPFIND", "/data"),
    await ann.send("POST", "/data", { headers: { "content-type": "text/xml" } }),
    await ann.send("GET", "/data/%zz"),
    await send(origin, "POST", "/auth/login", { json: "no object" }),
  ];
  assertEquals(failures.map(({ status }) => status), [404, 405, 415, 400, 422]);
  for (const { headers, text } of failures) {
    assertEquals(headers.get("content-type"), "application/problem+json");
    assertEquals(headers.get("x-content-type-options"), "nosniff");
    assertEquals(headers.get("content-security-policy"), "default-src 'none'; frame-ancestors 'none'");
    assertEquals(headers.get("cache-control"), "no-store");
    assertNotMatch(text, /\.ts\b|node_modules|127\.0\.0\.1/);
  }
  const foreign = await ann.send("GET", "/data", { headers: { origin: "https://evil.example" } });
  assertEquals(foreign.headers.get("access-control-allow-origin"), null);
  const ambiguous =
    "POST /data HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n" +
    "GET /data HTTP/1.1\r\nhost: a\r\n\r\n";
  const answer = await rawRequest(origin, ambiguous);
  assertStringIncludes(answer, "HTTP/1.1 400");
  assertEquals(answer.split("HTTP/1.1 ").length, 2, "what follows an ambiguous message was answered");
}

async function inventory({ system: { origin }, admin }: Setting): Promise<void> {
  const { paths } = pathsSchema.parse((await send(origin, "GET", "/openapi.json")).body);
  for (const [path, methods] of Object.entries(paths)) {
    const { status, headers } = await send(origin, "OPTIONS", path.replaceAll(/\{\w+\}/g, "x"));
    assertEquals([path, status], [path, 204]);
    const described = Object.keys(methods).filter((key) => /^(get|post|put|patch|delete)$/.test(key));
    const allowed = (headers.get("allow") ?? "").toLowerCase().split(/, */);
    assertEquals(
      allowed.filter((method) => !/^(head|options)$/.test(method)).toSorted(),
      described.toSorted(),
    );
  }
  for (
    const path of [
      "/metrics",
      "/snapshot",
      "/upstreams",
      "/admin",
      "/v1/data",
      "/auth/keys",
      "/.env",
      "/debug",
    ]
  ) {
    assertEquals([path, await statusOf(admin.send("GET", path))], [path, 404]);
  }
}

async function unsafeConsumption(setting: Setting): Promise<void> {
  const { port } = new URL(setting.system.originOf("database"));
  // The worker judges the address that a name has; a worker whose permissions are exact cannot even look it up.
  const named = await called(setting, `http://localhost:${port}/`);
  assertMatch(named, /is no address of the public internet|EPERM/);
  assertStringIncludes(await called(setting, "http://user:secret@example.com/"), "may not name a user");
  assertStringIncludes(await called(setting, "file:///etc/passwd"), "url");
}

const ROWS: Readonly<Record<string, (setting: Setting) => Promise<void>>> = {
  "API1:2023 Broken Object Level Authorization: another's records and tasks are not there": objectLevel,
  "API2:2023 Broken Authentication: forged and reused tokens are refused, and no answer tells which names there are":
    authentication,
  "API3:2023 Broken Object Property Level Authorization: what is not the client's is neither set nor shown":
    propertyLevel,
  "API4:2023 Unrestricted Resource Consumption: content, pages and requests are bounded over both gateways":
    resources,
  "API5:2023 Broken Function Level Authorization: administration is for admins": functionLevel,
  "API6:2023 Unrestricted Access to Sensitive Business Flows: passwords are not guessed by machine":
    businessFlows,
  "API7:2023 Server Side Request Forgery: no request and no task calls what is inside": requestForgery,
  "API8:2023 Security Misconfiguration: failures tell nothing, fields are strict, ambiguous messages are refused":
    misconfiguration,
  "API9:2023 Improper Inventory Management: what is described is there, and nothing else": inventory,
  "API10:2023 Unsafe Consumption of APIs: no task reaches inside by a name, a user in a URL or another scheme":
    unsafeConsumption,
};

Deno.test({
  name: "system: OWASP API Security Top 10 (2023), through the edge",
  ignore: !canStartSystem,
  async fn(t) {
    await using system = await startSystem({
      groupFlags: { api_gateway: { "caller-limit": `${QUOTA}/60` } },
    });
    const admin = await signIn(system.origin);
    const [ann, bob] = [await newUser({ system, admin }, "ann"), await newUser({ system, admin }, "bob")];
    for (const [name, row] of Object.entries(ROWS)) {
      await t.step(name, () => row({ system, admin, ann, bob }));
    }
  },
});
