import { getLogger } from "@logtape/logtape";
import { type ProblemError, problemResponse } from "./problem.ts";
import type { RequestContext } from "./request_context.ts";
import { REQUEST_ID_HEADER } from "./request_id.ts";
import type { RoleMetrics } from "./role_metrics.ts";

/** What a frame has to know of a request: a `Request` is one. */
export interface RequestLine {
  readonly method: string;
  readonly url: string;
}

/** What every request of a role is framed with, however it is answered: measures, log lines, fields of the answer. */
export interface RoleFrame {
  /** Counts a request in; the function that it gives counts it out, when the head of its answer is there. */
  enter(request: RequestLine, context: RequestContext): (status: number) => void;
  /** The answer with the fields that each answer carries; one that came from another role keeps that role's name. */
  seal(response: Response, context: RequestContext): Response;
  /** The answer to a request that failed; what is not the caller's fault is logged. */
  refuse(problem: ProblemError, request: RequestLine, context: RequestContext): Response;
  /** Aborted when the role begins to drain. */
  readonly draining: AbortSignal;
}

/** What {@linkcode createRoleFrame} frames with. */
export interface RoleFrameOptions {
  readonly role: string;
  readonly metrics: RoleMetrics;
  /** Aborted when the role begins to drain. */
  readonly draining: AbortSignal;
}

/** Makes the frame of a role. */
export function createRoleFrame({ role, metrics, draining }: RoleFrameOptions): RoleFrame {
  const logger = getLogger(["flotilla", role]);

  function seal(response: Response, context: RequestContext): Response {
    const answer = isMutable(response) ? response : new Response(response.body, response);
    answer.headers.set(REQUEST_ID_HEADER, context.requestId);
    answer.headers.set("x-served-by", context.instance);
    // While draining, a connection that is kept alive would only bring requests that must go elsewhere.
    if (draining.aborted) answer.headers.set("connection", "close");
    return answer;
  }

  function logFailure(problem: ProblemError, request: RequestLine, context: RequestContext): void {
    const error = problem.cause ?? problem;
    logger.error("{method} {path} failed: {reason}", {
      ...logProperties(request, context, {}),
      reason: error instanceof Error ? error.message : String(error),
      error,
    });
  }

  return {
    enter(request, context) {
      const started = performance.now();
      metrics.started();
      return (status) => {
        const seconds = (performance.now() - started) / 1_000;
        const { method } = request;
        metrics.finished({ method, route: context.route ?? "other", status }, seconds);
        logger.debug(
          "{method} {path} {status}",
          () => logProperties(request, context, { status, seconds }),
        );
      };
    },
    seal,
    draining,
    refuse(problem, request, context) {
      if (problem.status >= 500 && !isRefusal(problem)) logFailure(problem, request, context);
      return seal(problemResponse(problem, context.requestId), context);
    },
  };
}

/** Work that is refused on purpose is counted, not logged: a flood of it would cost more to log than to refuse. */
function isRefusal({ status, cause }: ProblemError): boolean {
  return status === 503 && cause === undefined;
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

function logProperties(
  request: RequestLine,
  context: RequestContext,
  more: object,
): Record<string, unknown> {
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
