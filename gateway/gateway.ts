import type { AssertionSigner, TokenVerifier } from "@flotilla/auth/verify";
import type { AttemptSource, Door } from "@flotilla/balancer";
import {
  asProblem,
  type Clock,
  createRole,
  ProblemError,
  type ReadinessCheck,
  type RequestContext,
  type Role,
  systemClock,
} from "@flotilla/runtime";
import { Registry } from "prom-client";
import { createAdmission, type Limiters } from "./admission.ts";
import { type Client, createClientOf } from "./client.ts";
import { compressed } from "./compression.ts";
import { type CorsOptions, createCors } from "./cors.ts";
import type { Dashboard } from "./dashboard/dashboard.ts";
import type { AdmittedExchange, Exchange } from "./exchange.ts";
import { endingWith, isEventStream } from "./event_stream.ts";
import type { Fetcher } from "./forward.ts";
import { createGatewayMetrics } from "./gateway_metrics.ts";
import { idempotencyKey } from "./idempotency/idempotency_key.ts";
import type { IdempotencyStore } from "./idempotency/idempotency_store.ts";
import { answerKeyed } from "./idempotency/keyed_exchange.ts";
import { createCallInwards } from "./inward_call.ts";
import { withoutContent } from "./outward_answer.ts";
import { Passage } from "./passage/passage.ts";
import { requestBody } from "./request_body.ts";
import { createDocuments } from "./documents/documents.ts";
import { createAdaptiveLimit } from "./limits/adaptive_limit.ts";
import type { Route, UpstreamName } from "./route.ts";
import { ROUTE_TABLE } from "./route_table.ts";
import { createRouter, type Endpoint } from "./router.ts";
import { addSecurityFields } from "./security_fields.ts";
import { requireTarget } from "./validation.ts";

/** What {@linkcode createGateway} makes a gateway from. */
export interface GatewayOptions {
  /** Calls an auth service. */
  auth: Fetcher;
  /** Calls a data service. */
  service: Fetcher;
  /** Calls a worker. */
  worker: Fetcher;
  /** Checks clients' tokens. */
  verifier: TokenVerifier;
  /** Proves to the inner roles who is calling. */
  assertions: AssertionSigner;
  /** This instance's name: `api_gateway_1`. */
  instance: string;
  /** How many requests a caller may make. @default as many as it likes */
  limiters?: Limiters;
  /**
   * Keeps the answers to requests with an `Idempotency-Key`, shared by all gateways. @default the field means nothing
   */
  idempotency?: IdempotencyStore;
  /** Which other sites' pages may call. @default none */
  cors?: CorsOptions;
  /** Addresses and networks of proxies whose `X-Forwarded-*` are believed. @default none */
  trustedProxies?: readonly string[];
  /** What must answer before the gateway is ready, by name. @default none */
  checks?: Readonly<Record<string, ReadinessCheck>>;
  /** Milliseconds that a check may take. @default 1_000 */
  checkTimeout?: number;
  /** The pages for administrators. @default none: `/dashboard` is not there */
  dashboard?: Dashboard;
  /** The public API. @default {@linkcode ROUTE_TABLE} */
  routes?: readonly Route[];
  /** @default `systemClock` */
  clock?: Clock;
  /** Where measures are registered. @default a new one */
  registry?: Registry;
}

/** The public API. */
export interface Gateway extends Role {
  /**
   * The same gateway for a listener of `@flotilla/balancer`: plain reads go to the data services that `source` leads to as
   * octets, everything else is answered by {@linkcode Role.fetch}.
   */
  passage(source: AttemptSource): Door;
}

/**
 * Makes the public API: finds the route, checks the caller's token and right, judges the content, and passes the
 * request on to the inner role with a proof of who is calling. It keeps no state of its own.
 */
export function createGateway(options: GatewayOptions): Gateway {
  const { assertions, instance, routes = ROUTE_TABLE, clock = systemClock } = options;
  const { checks, checkTimeout, registry = new Registry(), idempotency: store, dashboard } = options;
  const metrics = createGatewayMetrics(registry);
  const fetchers: Readonly<Record<UpstreamName, Fetcher>> = { ...options, gateway: createDocuments(routes) };
  const callInwards = createCallInwards({ fetchers, clock });
  const router = createRouter(routes);
  const clientOf = createClientOf(options.trustedProxies ?? []);
  const cors = createCors(options.cors);
  const costly = createAdaptiveLimit();
  const admission = createAdmission({
    verifier: options.verifier,
    limiters: options.limiters ?? {},
    clock,
  });

  async function handle(request: Request, context: RequestContext): Promise<Response> {
    const arrived = clock.now();
    const url = new URL(request.url);
    const client = clientOf(request.headers, { peer: context.peer, secure: url.protocol === "https:" });
    const fields = new Headers();
    try {
      const exchange = { request, context, url, arrived, address: client.address, fields };
      const response =
        await (dashboard?.owns(url.pathname) ? show(dashboard, exchange, client) : answer(exchange));
      addFields(response.headers, fields);
      addSecurityFields(response.headers, client);
      return response;
    } catch (thrown) {
      const problem = asProblem(thrown);
      metrics.refused(problem.status);
      addFields(problem.headers, fields);
      addSecurityFields(problem.headers, client);
      throw problem;
    }
  }

  /** The pages are for browsers: a session is kept in cookies, and no other site's page gets to read them. */
  async function show(pages: Dashboard, exchange: Exchange, client: Client): Promise<Response> {
    const { request, context, url, address, fields } = exchange;
    context.route = "/dashboard";
    await admission.admit({ request, access: "public", address, fields });
    const { requestId, draining } = context;
    const response = await pages.fetch(request, { requestId, draining, ...client });
    // Only what is the same for everybody is packed: the length of a page would tell of what is secret in it.
    return pages.isPublic(url.pathname) ? compressed(response, request) : response;
  }

  async function answer(exchange: Exchange): Promise<Response> {
    const { request, context, url, address, fields } = exchange;
    const endpoint = router.match(url.pathname);
    if (endpoint !== undefined) context.route = endpoint.path;
    if (request.method === "OPTIONS" && endpoint !== undefined) {
      cors.addPreflightFields(fields, request, endpoint.allow);
      return new Response(null, { status: 204, headers: { allow: endpoint.allow } });
    }
    cors.addFields(fields, request);
    const route = routeOf(endpoint, exchange);
    if (route.costly) costly.requireRoom();
    const caller = await admission.admit({ request, access: route.access, address, fields });
    const response = await pass({ ...exchange, route, caller, assertion: await assertions.sign(caller) });
    const shaped = shapedFor(exchange, route, response);
    return request.method === "HEAD" ? withoutContent(shaped) : shaped;
  }

  async function pass(exchange: AdmittedExchange): Promise<Response> {
    const { request, url, route } = exchange;
    requireTarget(route, url);
    const body = await requestBody(request, route.body, { timeout: route.timeout, clock });
    const key = route.idempotent ? idempotencyKey(request.headers) : undefined;
    if (key !== undefined && store !== undefined && body.kind === "read") {
      return await answerKeyed(exchange, { store, callInwards, key, content: body.bytes });
    }
    // The content of a HEAD is cut at the end, so that its fields are those of GET.
    const { method } = route;
    const content = body.kind === "read" ? body.bytes : body.kind === "streamed" ? body.stream : null;
    try {
      const target = url.pathname + url.search;
      const call = () => callInwards(exchange, { method, target, content, client: request.signal });
      return await (route.costly ? costly.run(call) : call());
    } catch (error) {
      throw body.kind === "streamed" ? body.tooLong ?? error : error;
    }
  }

  const role = createRole({
    role: "gateway",
    instance,
    handle,
    registry,
    ...(checks === undefined ? {} : { checks }),
    ...(checkTimeout === undefined ? {} : { checkTimeout }),
  });
  return Object.assign(role, {
    passage: (source: AttemptSource): Door =>
      new Passage({
        role,
        router,
        routes,
        admission,
        assertions,
        clientOf,
        cors,
        metrics,
        instance,
        source,
        costly,
      }),
  });
}

/** The answer as this client takes it. */
function shapedFor({ request, context }: Exchange, route: Route, response: Response): Response {
  if (isEventStream(response)) return endingWith(response, context.draining);
  // What holds secrets is not packed: its length would tell of them (BREACH).
  return route.upstream === "auth" ? response : compressed(response, request);
}

function routeOf(endpoint: Endpoint | undefined, { request: { method }, url }: Exchange): Route {
  if (endpoint === undefined) throw new ProblemError(404, `Nothing is at ${url.pathname}`);
  const route = endpoint.routes.get(method);
  if (route !== undefined) return route;
  throw new ProblemError(405, `${method} cannot be done here`, { headers: { allow: endpoint.allow } });
}

function addFields(headers: Headers, fields: Headers): void {
  for (const [name, value] of fields) {
    if (name === "vary") headers.append(name, value);
    else headers.set(name, value);
  }
}
