import { type AssertionSigner, type Caller, requireRight, requireUser } from "@flotilla/auth/verify";
import {
  type Clock,
  createRole,
  ProblemError,
  type ReadinessCheck,
  type RequestContext,
  type Role,
  systemClock,
} from "@flotilla/runtime";
import type { Registry } from "prom-client";
import { bearerToken, type TokenVerifier } from "./credentials.ts";
import { type Fetcher, forward } from "./forward.ts";
import { inwardFields } from "./inward_fields.ts";
import { outwardAnswer } from "./outward_answer.ts";
import { requestBody } from "./request_body.ts";
import type { Access, Route, UpstreamName } from "./route.ts";
import { ROUTE_TABLE } from "./route_table.ts";
import { createRouter, type Endpoint } from "./router.ts";

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
  /** What must answer before the gateway is ready, by name. @default none */
  checks?: Readonly<Record<string, ReadinessCheck>>;
  /** The public API. @default {@linkcode ROUTE_TABLE} */
  routes?: readonly Route[];
  /** @default `systemClock` */
  clock?: Clock;
  /** Where measures are registered. @default a new one */
  registry?: Registry;
}

/**
 * Makes the public API: finds the route, checks the caller's token and right, judges the content, and passes the
 * request on to the inner role with a proof of who is calling. It keeps no state of its own.
 */
export function createGateway(options: GatewayOptions): Role {
  const { verifier, assertions, instance, routes = ROUTE_TABLE, clock = systemClock } = options;
  const { checks, registry } = options;
  const fetchers: Readonly<Record<UpstreamName, Fetcher>> = options;
  const router = createRouter(routes);

  async function handle(request: Request, context: RequestContext): Promise<Response> {
    const url = new URL(request.url);
    const endpoint = router.match(url.pathname);
    if (endpoint === undefined) throw new ProblemError(404, `Nothing is at ${url.pathname}`);
    context.route = endpoint.path;
    if (request.method === "OPTIONS") return preflight(endpoint);
    const route = endpoint.routes.get(request.method);
    if (route === undefined) throw methodNotAllowed(request.method, endpoint);
    const caller = await identify(request, route.access);
    const body = requestBody(request, route.body);
    const headers = inwardFields(request.headers, { context, assertion: await assertions.sign(caller) });
    const { method } = request;
    const call = new Request(`http://${route.upstream}${url.pathname}${url.search}`, {
      method,
      headers,
      body: body?.stream ?? null,
      redirect: "manual",
    });
    const { upstream, timeout } = route;
    try {
      const fetcher = fetchers[upstream];
      const inner = await forward(call, { fetcher, upstream, timeout, client: request.signal, clock });
      return outwardAnswer(inner, method);
    } catch (error) {
      throw body?.tooLong ?? error;
    }
  }

  async function identify(request: Request, access: Access): Promise<Caller> {
    if (access === "public") return ANONYMOUS;
    const token = bearerToken(request.headers);
    const principal = token === undefined
      ? requireUser(ANONYMOUS)
      : verifier.peek(token) ?? await verifier.verify(token);
    const caller: Caller = { kind: "user", principal };
    if (access !== "user") requireRight(caller, access);
    return caller;
  }

  return createRole({
    role: "gateway",
    instance,
    handle,
    ...(checks === undefined ? {} : { checks }),
    ...(registry === undefined ? {} : { registry }),
  });
}

const ANONYMOUS: Caller = { kind: "anonymous" };

function preflight(endpoint: Endpoint): Response {
  return new Response(null, { status: 204, headers: { allow: endpoint.allow } });
}

function methodNotAllowed(method: string, endpoint: Endpoint): ProblemError {
  return new ProblemError(405, `${method} cannot be done here`, { headers: { allow: endpoint.allow } });
}
