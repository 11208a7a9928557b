import { getLogger } from "@logtape/logtape";
import { Registry } from "prom-client";
import { asProblem, type ProblemError, problemResponse } from "./problem.ts";
import { checkReadiness, type ReadinessCheck } from "./readiness.ts";
import { type RequestContext, ServedContext, type ServeInfo } from "./request_context.ts";
import { REQUEST_ID_HEADER } from "./request_id.ts";
import { createRoleMetrics } from "./role_metrics.ts";

/** What {@linkcode createRole} makes a role from. */
export interface RoleOptions {
  /** The kind of role, for logs: `service`. */
  role: string;
  /** This instance's name, in `x-served-by`: `service_1`. */
  instance: string;
  /** Answers every request but the role's own endpoints. What it throws becomes a problem answer. */
  handle(request: Request, context: RequestContext): Response | Promise<Response>;
  /** What must answer before this role can do its job, by name. @default none */
  checks?: Readonly<Record<string, ReadinessCheck>>;
  /** Milliseconds that a check may take. @default 1_000 */
  checkTimeout?: number;
  /** Where measures are registered. @default a new one */
  registry?: Registry;
}

/** A handler with everything that each process answers and tells. */
export interface Role {
  /** Answers a request; never rejects. */
  fetch(request: Request, info?: ServeInfo): Promise<Response>;
  /** Turns the role unready and ends the answers that have no end of their own. */
  drain(): void;
  /** Whether {@linkcode Role.drain} was called. */
  readonly draining: boolean;
  /** When `/readyz` was last asked, in milliseconds since the epoch; 0 before that. */
  readonly lastProbed: number;
  /** When `/readyz` first answered that the role is draining; 0 before that. */
  readonly drainSeen: number;
  readonly registry: Registry;
}

/**
 * Frames a handler with what every role answers: `/healthz`, `/readyz` and `/metrics`, request ids, trace context,
 * `x-served-by`, measures, a log line, and problem answers (RFC 9457) for whatever is thrown.
 *
 * `/metrics` answers direct callers only: a request that came through a proxy (it has a `Via` field) gets 404, so that
 * a balancer in front never shows it to the outside.
 *
 * @example
 * ```ts
 * import { createRole } from "@flotilla/runtime";
 * import { assertEquals } from "@std/assert";
 *
 * const role = createRole({ role: "greeter", instance: "greeter_1", handle: () => new Response("hello") });
 * const response = await role.fetch(new Request("http://localhost/", { headers: { "x-request-id": "r-1" } }));
 * assertEquals(response.headers.get("x-request-id"), "r-1");
 * assertEquals(response.headers.get("x-served-by"), "greeter_1");
 * ```
 */
export function createRole(options: RoleOptions): Role {
  const { role, instance, handle, checks = {}, checkTimeout = 1_000, registry = new Registry() } = options;
  const logger = getLogger(["flotilla", role]);
  const metrics = createRoleMetrics(registry);
  const draining = new AbortController();
  let lastProbed = 0;
  let drainSeen = 0;

  async function readyz(): Promise<Response> {
    lastProbed = Date.now();
    if (draining.signal.aborted) {
      drainSeen ||= lastProbed;
      return Response.json({ status: "draining", instance }, { status: 503 });
    }
    const { ready, checks: found } = await checkReadiness(checks, checkTimeout);
    return Response.json({ status: ready ? "ready" : "unready", instance, checks: found }, {
      status: ready ? 200 : 503,
    });
  }

  async function answerItself(endpoint: string, context: RequestContext): Promise<Response> {
    context.route = endpoint;
    if (endpoint === "/healthz") return Response.json({ status: "alive", instance });
    if (endpoint === "/readyz") return await readyz();
    return new Response(await registry.metrics(), { headers: { "content-type": registry.contentType } });
  }

  async function framed(request: Request, info?: ServeInfo): Promise<Response> {
    const started = performance.now();
    const context = new ServedContext(request, { instance, draining: draining.signal, info });
    metrics.started();
    let response: Response;
    try {
      const endpoint = ownEndpoint(request);
      response = await (endpoint === undefined ? handle(request, context) : answerItself(endpoint, context));
      if (!context.identified || draining.signal.aborted) {
        response = sealed(response, context, draining.signal.aborted);
      }
    } catch (thrown) {
      const problem = asProblem(thrown);
      if (problem.status >= 500 && !isRefusal(problem)) logFailure(request, context, problem);
      response = sealed(problemResponse(problem, context.requestId), context, draining.signal.aborted);
    }
    const seconds = (performance.now() - started) / 1_000;
    const { method } = request;
    const { status } = response;
    metrics.finished({ method, route: context.route ?? "other", status }, seconds);
    logger.debug("{method} {path} {status}", () => logProperties(request, context, { status, seconds }));
    return response;
  }

  function logFailure(request: Request, context: RequestContext, problem: Error): void {
    const error = problem.cause ?? problem;
    logger.error("{method} {path} failed: {reason}", {
      ...logProperties(request, context, {}),
      reason: error instanceof Error ? error.message : String(error),
      error,
    });
  }

  return {
    fetch: framed,
    drain: () => draining.abort(),
    get draining() {
      return draining.signal.aborted;
    },
    get lastProbed() {
      return lastProbed;
    },
    get drainSeen() {
      return drainSeen;
    },
    registry,
  };
}

/** Work that is refused on purpose is counted, not logged: a flood of it would cost more to log than to refuse. */
function isRefusal({ status, cause }: ProblemError): boolean {
  return status === 503 && cause === undefined;
}

const OWN_ENDPOINT = /^https?:\/\/[^/]+(\/healthz|\/readyz|\/metrics)(?:\?|$)/;

function ownEndpoint(request: Request): string | undefined {
  if (request.method !== "GET" && request.method !== "HEAD") return undefined;
  const endpoint = OWN_ENDPOINT.exec(request.url)?.[1];
  return endpoint === "/metrics" && request.headers.has("via") ? undefined : endpoint;
}

/** The answer with the fields that each answer carries; one that came from another role keeps that role's name. */
function sealed(response: Response, context: RequestContext, closing: boolean): Response {
  const answer = isMutable(response) ? response : new Response(response.body, response);
  answer.headers.set(REQUEST_ID_HEADER, context.requestId);
  answer.headers.set("x-served-by", context.instance);
  // While draining, a connection that is kept alive would only bring requests that must go elsewhere.
  if (closing) answer.headers.set("connection", "close");
  return answer;
}

/** The fields of an answer that `fetch` brought, or a redirect, cannot be changed. */
function isMutable(response: Response): boolean {
  try {
    response.headers.delete(REQUEST_ID_HEADER);
    return true;
  } catch {
    return false;
  }
}

function logProperties(request: Request, context: RequestContext, more: object): Record<string, unknown> {
  const { pathname } = new URL(request.url);
  return {
    method: request.method,
    path: pathname,
    request_id: context.requestId,
    trace_id: context.trace.traceId,
    peer: context.peer,
    ...more,
  };
}
