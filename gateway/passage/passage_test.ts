import {
  createAssertionSigner,
  createAssertionVerifier,
  createTokenVerifier,
  fixedKeys,
  type Principal,
  type TokenVerifier,
} from "@flotilla/auth/verify";
import { ConnectionPool, dial, type Door, type Knock, listen, Listener } from "@flotilla/balancer";
import { eventually, ManualClock } from "@flotilla/runtime/testing";
import { assert, assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import { createGateway, type GatewayOptions } from "../gateway.ts";
import { createInnerRole, type InnerRole } from "../inner_role.ts";
import { createLocalPermitStore } from "../limits/local_permit_store.ts";
import { createRateLimiter } from "../limits/rate_limiter.ts";
import { principalOf } from "../testdata/fixture.ts";

const net = (await Deno.permissions.query({ name: "net" })).state === "granted";
const KEY = "an internal key of 32 characters";

/** Knows a token once it was checked, until the session ends. */
class Tokens implements TokenVerifier {
  readonly ended = new Set<string>();
  readonly #known = new Map<string, Principal>();

  peek(token: string): Principal | undefined {
    return this.ended.has(token) ? undefined : this.#known.get(token);
  }

  async verify(token: string): Promise<Principal> {
    const user = /^token-(\w+)$/.exec(token)?.[1];
    if (user === undefined || this.ended.has(token)) return await NOBODY.verify(token);
    this.#known.set(token, principalOf(user));
    return principalOf(user);
  }
}

const NOBODY = createTokenVerifier({ keys: await fixedKeys([]) });

type Fields = readonly (readonly [name: string, value: string])[];

/** What one way makes of a request: the client's answer and the call that the service saw. */
interface Outcome {
  readonly status: number;
  readonly fields: Fields;
  readonly body: string;
  readonly seen: { readonly target: string; readonly fields: Fields; readonly caller: unknown } | undefined;
}

/** One gateway in front of one service, listened to in two ways: reads may cross, or nothing may. */
class TwoWays implements AsyncDisposable {
  readonly tokens = new Tokens();
  /** Requests that crossed. */
  crossed = 0;
  /** Requests that were turned away as octets. */
  turnedAway = 0;
  /** What the service answers. */
  inner: (request: Request) => Response | Promise<Response> = () => Response.json({ data: 1 }, INNER);
  readonly gateway: ReturnType<typeof createGateway>;
  /** Stands, so that one assertion serves however long a test takes. */
  readonly #clock = new ManualClock(Date.now());
  readonly #assertions = createAssertionVerifier({ key: KEY, clock: this.#clock });
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #service: InnerRole;
  readonly #pool = new ConnectionPool({ dial });
  readonly #listeners: readonly { readonly listener: Listener; readonly port: number }[];
  readonly #seen: NonNullable<Outcome["seen"]>[] = [];

  constructor(options: Partial<GatewayOptions> = {}) {
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
      const { pathname, search } = new URL(request.url);
      const caller = await this.#assertions.verify(request);
      this.#seen.push({ target: pathname + search, fields: comparable([...request.headers]), caller });
      return await this.inner(request);
    });
    this.#service = createInnerRole(`http://127.0.0.1:${this.#server.addr.port}`, {
      instance: "api_gateway_1",
    });
    const { fetch, source } = this.#service;
    this.gateway = createGateway({
      auth: fetch,
      service: fetch,
      worker: fetch,
      verifier: this.tokens,
      assertions: createAssertionSigner({ key: KEY, issuer: "api_gateway_1", clock: this.#clock }),
      instance: "api_gateway_1",
      trustedProxies: ["127.0.0.1"],
      ...options,
    });
    const passage = this.gateway.passage(source);
    const counted: Door = {
      open: (knock: Knock) => {
        const crossing = passage.open(knock);
        if (crossing !== undefined) this.crossed++;
        return crossing;
      },
      turnAway: (knock: Knock) => {
        const reply = passage.turnAway?.(knock);
        if (reply !== undefined) this.turnedAway++;
        return reply;
      },
      answer: (request, info) => passage.answer(request, info),
    };
    const shut: Door = { open: () => undefined, answer: (request, info) => passage.answer(request, info) };
    this.#listeners = [counted, shut].map((door) => this.#listen(door));
  }

  /** Sends a request both ways, octet for octet. */
  async send(request: string): Promise<[crossing: Outcome, answered: Outcome]> {
    const [open, shut] = this.#listeners;
    return [await this.#ask(open?.port ?? 0, request), await this.#ask(shut?.port ?? 0, request)];
  }

  /** Sends a request where reads may cross. */
  async ask(request: string): Promise<Outcome> {
    return await this.#ask(this.#listeners[0]?.port ?? 0, request);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#listeners.map(({ listener }) => listener.close()));
    this.#pool[Symbol.dispose]();
    await this.#service[Symbol.asyncDispose]();
    await this.#server.shutdown();
  }

  /** Has no service any more. */
  async killService(): Promise<void> {
    await this.#server.shutdown();
  }

  #listen(door: Door) {
    const listener = new Listener({ source: this.#service.source, pool: this.#pool, door });
    const socket = listen({ port: 0 });
    void listener.serve(socket);
    return { listener, port: socket.addr.transport === "tcp" ? socket.addr.port : 0 };
  }

  async #ask(port: number, request: string): Promise<Outcome> {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    const writer = connection.writable.getWriter();
    await writer.write(Uint8Array.from(request, (character) => character.charCodeAt(0)));
    const text = new TextDecoder("latin1").decode(await new Response(connection.readable).bytes());
    const end = text.indexOf("\r\n\r\n");
    const [line = "", ...lines] = text.slice(0, end).split("\r\n");
    return {
      status: Number(line.split(" ")[1]),
      fields: comparable(lines.map((field) => split(field))),
      body: text.slice(end + 4).replace(UUID, "made"),
      seen: this.#seen.splice(0).at(-1),
    };
  }
}

const INNER = { headers: { etag: '"7"', "x-served-by": "service_1", server: "s", "x-flotilla-secret": "1" } };

function split(field: string): readonly [string, string] {
  const colon = field.indexOf(":");
  return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()];
}

/** What is made anew for each request. */
const MADE: Readonly<Record<string, RegExp>> = {
  date: /^.*$/,
  traceparent:
    /(?<=^00-)(?:[0-9a-f]{32}(?=-[0-9a-f]{16}-00$)-[0-9a-f]{16}|[0-9a-f]{32}-[0-9a-f]{16}(?=-01$))/,
  "x-request-id": /^(?:[0-9a-f-]{32,36})$/,
  "x-flotilla-timeout": /^\d+$/,
};

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/;

/** Fields in order of their names, several of one name as one, and without what chance has made. */
function comparable(fields: Fields): Fields {
  const joined = new Map<string, string>();
  for (const [name, value] of fields) {
    const before = joined.get(name);
    const made = MADE[name];
    const text = made === undefined ? value : value.replace(made, "made");
    joined.set(name, before === undefined ? text : `${before}, ${text}`);
  }
  return [...joined].map(([name, value]) =>
    [name, name === "vary" ? value.split(", ").toSorted().join(", ") : value] as const
  ).toSorted(([a], [b]) => a < b ? -1 : 1);
}

function get(fields: readonly string[], target = "/data/welcome", method = "GET"): string {
  return `${method} ${target} HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n${
    fields.map((field) => `${field}\r\n`).join("")
  }\r\n`;
}

const ANN = "Authorization: Bearer token-ann";

Deno.test({
  name: "Passage answers what Role.fetch answers, field for field, whatever the request says",
  ignore: !net,
  async fn() {
    await using ways = new TwoWays();
    await ways.ask(get([ANN]));
    const field = fc.constantFrom(
      "Accept: application/json",
      "accept-LANGUAGE: de",
      'If-None-Match: "7"',
      'If-None-Match: "7-gzip"',
      'if-match: "7", "8"',
      "Range: bytes=0-1",
      "User-Agent: test \xe9",
      "Cookie: a=b",
      "X-Flotilla-Assertion: forged",
      "x-flotilla-timeout: 1",
      "X-Served-By: forged",
      "Via: 1.1 edge",
      "Forwarded: for=6.6.6.6",
      "X-Forwarded-For: 203.0.113.9",
      "X-Forwarded-For: 203.0.113.9, 127.0.0.1",
      "X-Forwarded-Proto: https",
      "X-Request-Id: r-1",
      'X-Request-Id: "><script>',
      "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      "traceparent: no trace",
      "tracestate: a=1",
      "Accept-Encoding: gzip",
      "Accept-Encoding: identity;q=1, gzip;q=0",
      "Origin: https://app.example",
      "Connection: if-none-match",
      "TE: trailers",
      "Cache-Control: no-cache",
      "Prefer: wait=1",
    );
    const credentials = fc.constantFrom(
      ANN,
      ANN,
      ANN,
      ANN,
      "authorization:  bearer   token-ann  ",
      "Authorization: Bearer token-guest",
      "Authorization: Bearer token-ann extra",
      "Authorization: Basic YTpi",
      "Authorization: Bearer nonsense",
      "X-None: 1",
    );
    const target = fc.constantFrom(
      "/data/welcome",
      "/data/1",
      "/data/2",
      "/data/3",
      "/data/4",
      "/data/a.b~c:d@e-f_g",
      "/data",
      "/data?limit=1",
      "/data/welcome?x=1",
      "/data/w%65lcome",
      "/data/..",
      "/data/.hidden",
      "/data//welcome",
      "/data/_bad",
      `/data/${"x".repeat(201)}`,
      "/data/export",
      "/data/a/b",
      "/longtask/x",
      "/healthz",
      "http://gateway/data/welcome",
    );
    const method = fc.constantFrom("GET", "GET", "GET", "HEAD", "DELETE");
    await fc.assert(
      fc.asyncProperty(
        fc.array(field, { maxLength: 6 }),
        credentials,
        target,
        method,
        async (fields, credential, path, verb) => {
          const [crossing, answered] = await ways.send(get([...fields, credential], path, verb));
          assertEquals(crossing, answered);
        },
      ),
      { numRuns: 400 },
    );
    assert(ways.crossed > 4, `${ways.crossed} of the requests crossed`);
  },
});

Deno.test({
  name: "Passage shows what Role.fetch shows of any answer of a service",
  ignore: !net,
  async fn() {
    await using ways = new TwoWays();
    await ways.ask(get([ANN]));
    const before = ways.crossed;
    const answers: readonly (() => Response)[] = [
      () => Response.json({ data: 1 }),
      () => Response.json({ title: "no" }, { status: 404, headers: { "cache-control": "no-store" } }),
      () => new Response(null, { status: 304, headers: { etag: '"7"', vary: "prefer" } }),
      () =>
        new Response("x".repeat(100_000), {
          headers: { "content-type": "text/plain", "x-request-id": "own" },
        }),
      () =>
        new Response(new Blob(["a", "b"]).stream(), {
          headers: { "content-type": "application/octet-stream" },
        }),
      () =>
        Response.json(1, {
          headers: {
            "content-security-policy": "default-src 'self'",
            "x-frame-options": "SAMEORIGIN",
            "x-upstream-served-by": "forged",
            "x-flotilla-inner": "secret",
            "proxy-authenticate": "Basic",
            age: "3",
          },
        }),
      () => new Response("", { status: 500 }),
    ];
    for (const answer of answers) {
      ways.inner = answer;
      const [crossing, answered] = await ways.send(get([ANN, "X-Forwarded-Proto: https"]));
      // How the length is told is the listener's own affair.
      const told = ({ fields, ...rest }: Outcome) => ({
        ...rest,
        body: rest.body.length > 0,
        fields: fields.filter(([name]) => name !== "content-length" && name !== "transfer-encoding"),
      });
      assertEquals(told(crossing), told(answered));
    }
    assertEquals(ways.crossed, before + answers.length);
  },
});

Deno.test({
  name: "Passage leaves packing to fetch, from the second answer on that is worth it",
  ignore: !net,
  async fn() {
    await using ways = new TwoWays();
    await ways.ask(get([ANN]));
    const packed = async (target: string) => {
      const { fields } = await ways.ask(get([ANN, "Accept-Encoding: gzip, br"], target));
      return new Map(fields).get("content-encoding");
    };
    assertEquals([await packed("/data/small"), await packed("/data/small")], [undefined, undefined]);
    assertEquals(ways.crossed, 2);
    ways.inner = () => Response.json("x".repeat(2_000), INNER);
    assertEquals([await packed("/data/large"), await packed("/data/large")], [undefined, "gzip"]);
    assertEquals(ways.crossed, 3);
  },
});

Deno.test({
  name: "Passage stops at once for a session that has ended, and while the gateway drains",
  ignore: !net,
  async fn() {
    await using ways = new TwoWays();
    await ways.ask(get([ANN]));
    assertEquals((await ways.ask(get([ANN]))).status, 200);
    assertEquals(ways.crossed, 1);
    ways.tokens.ended.add("token-ann");
    const [crossing, answered] = await ways.send(get([ANN]));
    assertEquals(crossing, answered);
    assertEquals([crossing.status, crossing.seen], [401, undefined]);
    ways.tokens.ended.clear();
    ways.gateway.drain();
    assertEquals((await ways.ask(get([ANN]))).status, 200);
    assertEquals(ways.crossed, 1);
  },
});

Deno.test({
  name: "Passage counts each request once, together with those that are answered by fetch",
  ignore: !net,
  async fn() {
    const clock = new ManualClock();
    const policy = { name: "caller", quota: 400, window: 60_000 };
    const caller = createRateLimiter({ policy, store: createLocalPermitStore(), clock });
    await using ways = new TwoWays({ clock, limiters: { caller } });
    const outcomes: Outcome[] = [];
    for (let i = 0; i < 205; i++) outcomes.push(...await ways.send(get([ANN])));
    assertEquals(outcomes.map(({ status }) => status), [...Array(400).fill(200), ...Array(10).fill(429)]);
    const remaining = outcomes.slice(0, 400).map(({ fields }) =>
      new Map(fields).get("ratelimit")?.match(/r=(\d+)/)?.[1]
    );
    assertEquals(remaining, Array.from({ length: 400 }, (_, i) => String(399 - i)));
    assert(ways.crossed > 0);
    const exposition = await ways.gateway.registry.metrics();
    const label = 'method="GET",route="/data/:id",status';
    assertMatch(exposition, new RegExp(`duration_seconds_count\\{${label}="2xx"\\} 400`));
    assertMatch(exposition, new RegExp(`duration_seconds_count\\{${label}="4xx"\\} 10`));
    assertMatch(exposition, /requests_in_flight 0/);
  },
});

Deno.test({
  name: "Passage refuses as Role.fetch does when no service can be reached, and leaves nothing in flight",
  ignore: !net,
  async fn() {
    await using ways = new TwoWays();
    await ways.ask(get([ANN]));
    await ways.killService();
    const [crossing, answered] = await ways.send(get([ANN, "X-Request-Id: r-1"]));
    assertEquals(crossing, answered);
    assertEquals(crossing.status, 503);
    assertEquals(ways.crossed, 1);
    await eventually(async () => /requests_in_flight 0/.test(await ways.gateway.registry.metrics()));
  },
});

function post(fields: readonly string[], content: string, target = "/auth/login"): string {
  const head = get(
    ["Content-Type: application/json", `Content-Length: ${content.length}`, ...fields],
    target,
    "POST",
  );
  return head + content;
}

Deno.test({
  name:
    "Passage turns away what is costly as Role.fetch does, field for field, while there is no room for more",
  ignore: !net,
  async fn() {
    const told = ({ status, fields, body }: Outcome) => ({ status, fields, body });
    const login = JSON.stringify({ username: "ann", password: "a quiet harbour" });
    for (const cors of [{}, { origins: ["https://app.example"] }]) {
      const { promise: over, resolve: release } = Promise.withResolvers<void>();
      await using ways = new TwoWays({ cors });
      // However the test ends, so that it ends.
      using _release = { [Symbol.dispose]: release };
      let held = 0;
      ways.inner = async () => {
        held++;
        await over;
        return Response.json({}, INNER);
      };
      const waiting = Array.from({ length: 16 }, () => ways.ask(post([], login)));
      await eventually(() => held === 16);
      const inVain = [["Origin: https://app.example"], ["X-Request-Id: a", "X-Request-Id: b"], []];
      const turnedAway = [[], ["X-Forwarded-Proto: https"], [
        "X-Forwarded-For: 203.0.113.9",
        "Accept-Encoding: gzip",
      ]];
      for (const fields of [...turnedAway.map((each) => ["X-Request-Id: r-1", ...each]), ...inVain]) {
        const [octets, object] = await ways.send(post(fields, login));
        assertEquals([octets.status, told(octets)], [503, told(object)], fields.join());
      }
      assertEquals(ways.turnedAway, turnedAway.length);
      const [octets, object] = await ways.send(post(["X-Request-Id: r-1"], login, "/data"));
      assertEquals(
        [octets.status, told(octets)],
        [401, told(object)],
        "what is not costly is not turned away",
      );
      release();
      assertEquals(new Set((await Promise.all(waiting)).map(({ status }) => status)), new Set([200]));
      const exposition = await ways.gateway.registry.metrics();
      assertMatch(exposition, /requests_in_flight 0/);
    }
  },
});
