import { Registry } from "prom-client";
import { asProblem } from "./problem.ts";
import { checkReadiness, type ReadinessCheck } from "./readiness.ts";
import { type RequestContext, ServedContext, type ServeInfo } from "./request_context.ts";
import { createRoleFrame, type RoleFrame } from "./role_frame.ts";
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

/** A role that not every request comes to by {@linkcode Role.fetch}. */
export interface FramedRole extends Role {
  /** What each request is framed with, for those that are answered past `fetch`. */
  readonly frame: RoleFrame;
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
export function createRole(options: RoleOptions): FramedRole {
  const { role, instance, handle, checks = {}, checkTimeout = 1_000, registry = new Registry() } = options;
  const draining = new AbortController();
  const { signal } = draining;
  const frame = createRoleFrame({ role, metrics: createRoleMetrics(registry), draining: signal });
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
    const context = new ServedContext(request, { instance, draining: signal, info });
    const leave = frame.enter(request, context);
    let response: Response;
    try {
      const endpoint = ownEndpoint(request);
      response = await (endpoint === undefined ? handle(request, context) : answerItself(endpoint, context));
      if (!context.identified || signal.aborted) response = frame.seal(response, context);
    } catch (thrown) {
      response = frame.refuse(asProblem(thrown), request, context);
    }
    leave(response.status);
    return response;
  }

  return {
    fetch: framed,
    frame,
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

const OWN_ENDPOINT = /^https?:\/\/[^/]+(\/healthz|\/readyz|\/metrics)(?:\?|$)/;

function ownEndpoint(request: Request): string | undefined {
  if (request.method !== "GET" && request.method !== "HEAD") return undefined;
  const endpoint = OWN_ENDPOINT.exec(request.url)?.[1];
  return endpoint === "/metrics" && request.headers.has("via") ? undefined : endpoint;
}
