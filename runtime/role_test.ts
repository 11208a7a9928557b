import { configure, type LogRecord, reset } from "@logtape/logtape";
import { assert, assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { eventually } from "./eventually.ts";
import { ProblemError } from "./problem.ts";
import { createRole, type RoleOptions } from "./role.ts";
import type { RequestContext } from "./request_context.ts";

function role(options: Partial<RoleOptions> = {}) {
  return createRole({ role: "test", instance: "test_1", handle: () => new Response("hello"), ...options });
}

const get = (path: string, headers: HeadersInit = {}) => new Request(`http://inside${path}`, { headers });

Deno.test("createRole() answers /healthz, /readyz and /metrics itself", async () => {
  const { fetch } = role();
  assertEquals(await (await fetch(get("/healthz"))).json(), { status: "alive", instance: "test_1" });
  assertEquals((await fetch(get("/readyz"))).status, 200);
  await fetch(get("/work"));
  const metrics = await (await fetch(get("/metrics"))).text();
  assertStringIncludes(
    metrics,
    'flotilla_request_duration_seconds_count{method="GET",route="other",status="2xx"} 1',
  );
  assertStringIncludes(metrics, "flotilla_requests_in_flight 1");
});

Deno.test("createRole() hides /metrics from what came through a proxy", async () => {
  const { fetch } = role({ handle: () => new Response(null, { status: 404 }) });
  const response = await fetch(get("/metrics", { via: "1.1 edge" }));
  await response.body?.cancel();
  assertEquals(response.status, 404);
});

Deno.test("createRole() names the failing check on /readyz", async () => {
  const { fetch } = role({
    checks: { database: () => Promise.reject(new Error("refused")), cache: () => Promise.resolve() },
  });
  const response = await fetch(get("/readyz"));
  assertEquals(response.status, 503);
  assertEquals((await response.json()).checks, { database: "refused", cache: "ok" });
});

Deno.test("createRole() gives up on a check that hangs, and tells it so", async () => {
  const { promise: told, resolve } = Promise.withResolvers<void>();
  const hangs = (signal: AbortSignal) => {
    signal.addEventListener("abort", () => resolve());
    return new Promise<void>(() => {});
  };
  const response = await role({ checks: { hangs }, checkTimeout: 1 }).fetch(get("/readyz"));
  await response.body?.cancel();
  assertEquals(response.status, 503);
  await told;
});

Deno.test("Role.drain() turns /readyz to 503, aborts the context's signal and closes connections", async () => {
  let seen: RequestContext | undefined;
  const served = role({
    handle(_request, context) {
      seen = context;
      return new Response("hello");
    },
  });
  assertEquals((await served.fetch(get("/"))).headers.get("connection"), null);
  assertEquals([served.draining, seen?.draining.aborted, served.drainSeen], [false, false, 0]);
  served.drain();
  assertEquals((await served.fetch(get("/"))).headers.get("connection"), "close");
  assertEquals([served.draining, seen?.draining.aborted], [true, true]);
  const response = await served.fetch(get("/readyz"));
  assertEquals([response.status, (await response.json()).status], [503, "draining"]);
  assertNotEquals(served.drainSeen, 0);
});

Deno.test("createRole() keeps a well-formed request id and replaces a crafted one", async () => {
  const { fetch } = role();
  const kept = await fetch(get("/", { "x-request-id": "r-1" }));
  assertEquals(kept.headers.get("x-request-id"), "r-1");
  const replaced = await fetch(get("/", { "x-request-id": 'a b"c' }));
  assertMatch(replaced.headers.get("x-request-id") ?? "", /^[0-9a-f-]{36}$/);
});

Deno.test("createRole() answers a thrown problem with its status, fields and the request id", async () => {
  const { fetch } = role({
    handle() {
      throw new ProblemError(409, "It exists", { headers: { "retry-after": "1" } });
    },
  });
  const response = await fetch(get("/", { "x-request-id": "r-2" }));
  const { headers, status } = response;
  const { detail, request_id } = await response.json();
  assertEquals([status, detail, request_id], [409, "It exists", "r-2"]);
  assertEquals([headers.get("retry-after"), headers.get("x-served-by")], ["1", "test_1"]);
});

Deno.test("createRole() logs what failed, and counts what it refused on purpose without a word", async () => {
  const records: LogRecord[] = [];
  await configure({
    reset: true,
    sinks: { memory: (record) => void records.push(record) },
    loggers: [
      { category: ["flotilla"], sinks: ["memory"], lowestLevel: "warning" },
      { category: ["logtape", "meta"], sinks: [] },
    ],
  });
  const refusals = [
    new ProblemError(503, "full"),
    new ProblemError(503, "away", { cause: new Error("lost") }),
  ];
  const { fetch } = role({
    handle() {
      throw refusals.shift() ?? new TypeError("bug");
    },
  });
  try {
    for (let i = 0; i < 3; i++) await (await fetch(get("/work"))).body?.cancel();
  } finally {
    await reset();
  }
  assertEquals(records.map(({ properties }) => properties["reason"]), ["lost", "bug"]);
});

Deno.test("RequestContext.timeLeft() is what the caller said less what has passed since", async () => {
  let left: number[] = [];
  const { fetch } = role({
    async handle(_request, context) {
      const before = context.timeLeft();
      await eventually(() => context.timeLeft() < before, { what: "time to pass" });
      left = [before, context.timeLeft()];
      return new Response();
    },
  });
  await (await fetch(get("/work", { "x-flotilla-timeout": "8500" }))).body?.cancel();
  assert(left.every((ms) => ms > 0 && ms <= 8_500), `${left}`);
  const infinite = role({
    handle(_request, context) {
      left = [context.timeLeft()];
      return new Response();
    },
  });
  for (const headers of [{}, { "x-flotilla-timeout": "-1" }, { "x-flotilla-timeout": "soon" }]) {
    await (await infinite.fetch(get("/work", headers))).body?.cancel();
    assertEquals(left, [Infinity]);
  }
});

Deno.test("createRole() hides an unexpected error behind a 500", async () => {
  const { fetch } = role({ handle: () => Promise.reject(new Error("secret table is missing")) });
  const response = await fetch(get("/"));
  assertEquals(response.status, 500);
  assertEquals((await response.text()).includes("secret table"), false);
});

Deno.test("createRole() sets its fields on an answer that cannot be changed", async () => {
  const { fetch } = role({ handle: () => Response.redirect("http://elsewhere/", 302) });
  const response = await fetch(get("/"));
  assertEquals([response.status, response.headers.get("x-served-by")], [302, "test_1"]);
  assertEquals(response.headers.get("location"), "http://elsewhere/");
});

Deno.test("createRole() sends the answer of a handler that identifies itself as it is, and closes while draining", async () => {
  const made: Response[] = [];
  const role = createRole({
    role: "echo",
    instance: "echo_1",
    handle(_request, context) {
      const response = new Response("hello", { headers: context.identify() });
      made.push(response);
      return response;
    },
  });
  const ask = () => role.fetch(new Request("http://localhost/", { headers: { "x-request-id": "r-1" } }));
  const response = await ask();
  assertEquals(response, made[0]);
  assertEquals([response.headers.get("x-request-id"), response.headers.get("x-served-by")], [
    "r-1",
    "echo_1",
  ]);
  role.drain();
  assertEquals((await ask()).headers.get("connection"), "close");
});
