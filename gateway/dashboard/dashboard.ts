import type { AssertionSigner, TokenVerifier } from "@flotilla/auth/verify";
import { type Clock, ProblemError } from "@flotilla/runtime";
import { type Context, Hono } from "hono";
import { z } from "zod";
import type { Fetcher } from "../forward.ts";
import type { AuditEntry } from "./audit_log.ts";
import { assetAnswer } from "./assets.ts";
import { bindingsOf } from "./bindings.ts";
import { Collector } from "./collector.ts";
import { eventStream } from "./event_stream.ts";
import { createFormTokens } from "./form_token.ts";
import { createCallInner } from "./inner_calls.ts";
import { amountOf, formOrder } from "./order_form.ts";
import { ConfirmPage } from "./confirm_page.tsx";
import { type CarryOut, createOrders, type Order, orderSchema } from "./orders.ts";
import { OverviewPage } from "./overview_page.tsx";
import type { PageEnvironment, PageRequest } from "./page_environment.ts";
import type { PublishedTopology } from "./published_topology.ts";
import { requireSameOrigin } from "./same_origin.ts";
import type { Call } from "./scrape.ts";
import { createSessions, type Session } from "./session.ts";
import { SignInPage } from "./sign_in_page.tsx";
import { createTasks } from "./tasks.ts";

/** What {@linkcode createDashboard} makes a dashboard from. */
export interface DashboardOptions {
  /** Calls an auth service: accounts and sessions are its. */
  auth: Fetcher;
  /** Calls a worker: tasks are its. */
  worker: Fetcher;
  verifier: TokenVerifier;
  assertions: AssertionSigner;
  /** The key that all roles share; tokens against forged requests are derived from it. */
  internalKey: string;
  /** This gateway's name. */
  instance: string;
  /** Which instances there are, each time it is asked. */
  topology: () => PublishedTopology;
  /** The orders that were given, the newest first, each time it is asked. @default none */
  audit?: () => readonly AuditEntry[];
  /** Enters an order into the audit log. @default the log of this process alone has it */
  record?: (order: Omit<AuditEntry, "id" | "at">) => Promise<void>;
  /** What the supervisor and balancers take orders with. @default they take none */
  adminToken?: string;
  /** Milliseconds between two looks at every instance while somebody watches. @default 2_000 */
  lookInterval?: number;
  /** Calls an instance directly. @default `fetch` */
  call?: Call;
  /** @default `systemClock` */
  clock?: Clock;
}

/** The pages under `/dashboard`. */
export interface Dashboard extends Disposable {
  /** Whether a path is one of its. */
  owns(pathname: string): boolean;
  /** Whether what is at a path is the same for everybody. */
  isPublic(pathname: string): boolean;
  /** Answers a request. Throws what becomes a problem answer. */
  fetch(request: Request, page: PageRequest): Promise<Response>;
  /** Begins to look at the instances. */
  start(): void;
}

/** The pages run their own scripts and call this gateway; they load nothing from elsewhere, and nobody frames them. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
  "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'";

/** Streams of events at a time: they share a look at every instance every other second, and each reads the tasks that move. */
const MOST_STREAMS = 64;
/** Longest content of a form or an order, in bytes. */
const LONGEST_BODY = 4_096;

/** Makes the dashboard: a picture of the whole system for administrators, and what they may do about it. */
export function createDashboard(options: DashboardOptions): Dashboard {
  const { assertions, verifier, topology, adminToken, lookInterval, clock, audit = () => [] } = options;
  const { record = () => Promise.resolve() } = options;
  const call = options.call ?? ((request: Request) => fetch(request));
  const collector = new Collector({
    topology,
    call,
    ...(adminToken === undefined ? {} : { adminToken }),
    ...(lookInterval === undefined ? {} : { interval: lookInterval }),
    ...(clock === undefined ? {} : { clock }),
  });
  const tasks = createTasks(createCallInner(options.worker, assertions));
  const app: App = new Hono<PageEnvironment>();
  const parts: Parts = {
    collector,
    sessions: createSessions({ auth: createCallInner(options.auth, assertions), verifier }),
    tokens: createFormTokens(options.internalKey),
    tasks,
    audit,
    carryOut: createOrders({ topology, call, adminToken, tasks, record }),
    instance: options.instance,
  };
  app.use(async (c, next) => {
    await next();
    c.header("content-security-policy", PAGE_POLICY);
  });
  addSignIn(app, parts);
  addPages(app, parts);
  addOrders(app, parts);
  app.notFound((c) => {
    throw new ProblemError(404, `Nothing is at ${c.req.path}`);
  });
  app.onError((error) => {
    throw error;
  });
  return {
    owns: (pathname) => pathname === "/dashboard" || pathname.startsWith("/dashboard/"),
    isPublic: (pathname) => pathname.startsWith("/dashboard/assets/"),
    fetch: async (request, page) => await app.fetch(request, page),
    start: () => collector.start(),
    [Symbol.dispose]: () => collector[Symbol.dispose](),
  };
}

type App = Hono<PageEnvironment>;
type PageContext = Context<PageEnvironment>;

interface Parts {
  readonly collector: Collector;
  readonly sessions: ReturnType<typeof createSessions>;
  readonly tokens: ReturnType<typeof createFormTokens>;
  readonly tasks: ReturnType<typeof createTasks>;
  readonly audit: () => readonly AuditEntry[];
  readonly carryOut: CarryOut;
  readonly instance: string;
}

const credentialsSchema = z.object({
  username: z.string().min(1).max(256),
  password: z.string().min(1).max(256),
});

function addSignIn(app: App, { sessions, tokens }: Parts): void {
  app.post("/dashboard/sign-in", async (c) => {
    requireSameOrigin(c.req.raw);
    const form = await formOf(c.req.raw);
    const credentials = credentialsSchema.safeParse(Object.fromEntries(form));
    if (!credentials.success) throw new ProblemError(422, "Name and password are needed");
    try {
      await sessions.signIn(c, credentials.data);
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      const { status, message } = error;
      c.status(status === 401 || status === 403 || status === 429 ? status : 503);
      return c.html(SignInPage({ refusal: message, username: credentials.data.username }));
    }
    return c.redirect("/dashboard", 303);
  });

  app.post("/dashboard/sign-out", async (c) => {
    requireSameOrigin(c.req.raw);
    const session = await sessions.find(c);
    const form = await formOf(c.req.raw);
    if (session !== undefined) await tokens.require(form.get("token"), session.principal.session);
    await sessions.signOut(c);
    return c.redirect("/dashboard", 303);
  });
}

function addPages(app: App, { collector, sessions, tokens, tasks, audit, instance }: Parts): void {
  app.get("/dashboard", async (c) => {
    const session = await sessions.find(c);
    if (session === undefined) return c.html(SignInPage({}));
    const { view } = collector;
    return c.html(OverviewPage({
      topology: view.topology,
      bindings: bindingsOf(view),
      audit: audit(),
      username: session.principal.subject,
      formToken: await tokens.of(session.principal.session),
      instance,
    }));
  });

  app.get("/dashboard/assets/:name", async (c) => {
    return await assetAnswer(c.req.param("name"), c.req.raw) ?? c.notFound();
  });

  app.get("/dashboard/session", async (c) => {
    await requireSession(c, sessions);
    return c.body(null, 204);
  });

  app.get("/dashboard/events", async (c) => {
    const session = await requireSession(c, sessions);
    if (collector.watching >= MOST_STREAMS) {
      throw new ProblemError(503, "Too many are watching", { headers: { "retry-after": "5" } });
    }
    const { requestId, draining } = c.env;
    const stream = eventStream({
      collector,
      holds: () => sessions.holds(session),
      tasks: () => tasks.list({ principal: session.principal, requestId }),
      moves: () => tasks.moves,
      audit,
      signal: AbortSignal.any([draining, c.req.raw.signal]),
    });
    return c.body(stream, 200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  });
}

function addOrders(app: App, { collector, sessions, tokens, carryOut }: Parts): void {
  app.get("/dashboard/confirm", async (c) => {
    const session = await sessions.find(c);
    if (session === undefined) return c.redirect("/dashboard", 303);
    const { order = "", instance, group } = c.req.query();
    if (!/^(drain|resume|weigh|scale)$/.test(order)) throw new ProblemError(404, "There is no such order");
    const about = {
      ...(instance === undefined ? {} : { instance }),
      ...(group === undefined ? {} : { group }),
    };
    const amount = amountOf(order, collector.view, about);
    const formToken = await tokens.of(session.principal.session);
    return c.html(ConfirmPage({ order, about, formToken, ...(amount === undefined ? {} : { amount }) }));
  });

  app.post("/dashboard/orders", async (c) => {
    requireSameOrigin(c.req.raw);
    const { principal } = await requireSession(c, sessions);
    const { token, order, page } = await askedFor(c.req.raw);
    await tokens.require(token, principal.session);
    const { requestId, address } = c.env;
    const progress = await carryOut(parseOrder(order), { principal, requestId, address });
    await collector.look();
    if (page) return c.redirect("/dashboard", 303);
    return c.body(null, progress === "done" ? 204 : 202);
  });
}

/** What is asked for, by the page's script as JSON or by one of its forms. */
async function askedFor(request: Request): Promise<{ token: string | null; order: unknown; page: boolean }> {
  if (request.headers.get("content-type")?.startsWith("application/x-www-form-urlencoded")) {
    const form = await formOf(request);
    return { token: form.get("token"), order: formOrder(form), page: true };
  }
  const token = request.headers.get("x-csrf-token");
  return { token, order: jsonOf(await textOf(request)), page: false };
}

function parseOrder(value: unknown): Order {
  const order = orderSchema.safeParse(value);
  if (!order.success) throw new ProblemError(422, z.prettifyError(order.error));
  return order.data;
}

async function requireSession(c: PageContext, sessions: Parts["sessions"]): Promise<Session> {
  const session = await sessions.find(c);
  if (session === undefined) throw new ProblemError(401, "Sign in at /dashboard");
  return session;
}

async function formOf(request: Request): Promise<URLSearchParams> {
  const type = request.headers.get("content-type")?.split(";", 1)[0];
  if (type !== "application/x-www-form-urlencoded") throw new ProblemError(415, "The content must be a form");
  return new URLSearchParams(await textOf(request));
}

/** The content, of which no more is read than an honest one can have. */
async function textOf(request: Request): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.byteLength;
    if (length > LONGEST_BODY) {
      throw new ProblemError(413, `The content must have at most ${LONGEST_BODY} bytes`);
    }
    chunks.push(chunk);
  }
  return await new Blob(chunks.map((chunk) => new Uint8Array(chunk))).text();
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ProblemError(400, "The content must be JSON", { cause });
  }
}
