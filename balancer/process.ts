import { REQUEST_ID_HEADER, requestId, type Served, type ServeInfo } from "@flotilla/runtime";
import type { Balancer } from "./balancer.ts";

/** The endpoints of the process itself, apart from what it passes on. */
export interface Endpoints {
  /** Answers `/healthz`, `/readyz`, `/metrics`; `undefined` for everything else. */
  answer(request: Request): Promise<Response> | undefined;
  /** `/readyz` answers 503 from now on. */
  drain(): void;
  readonly lastProbed: number;
  readonly drainSeen: number;
}

/** What the balancer's process tells of itself. It is ready while at least one upstream can take requests. */
export function createEndpoints(balancer: Balancer, options: { instance: string }): Endpoints {
  const { instance } = options;
  let draining = false;
  let lastProbed = 0;
  let drainSeen = 0;

  function readyz(): Response {
    lastProbed = Date.now();
    if (draining) drainSeen ||= lastProbed;
    const status = draining ? "draining" : balancer.ready ? "ready" : "unready";
    return Response.json({ status, instance }, { status: status === "ready" ? 200 : 503 });
  }

  async function metrics(): Promise<Response> {
    const { registry } = balancer;
    return new Response(await registry.metrics(), { headers: { "content-type": registry.contentType } });
  }

  async function sealed(request: Request, answer: Response | Promise<Response>): Promise<Response> {
    const response = await answer;
    response.headers.set(REQUEST_ID_HEADER, requestId(request.headers.get(REQUEST_ID_HEADER)));
    response.headers.set("x-served-by", instance);
    return response;
  }

  return {
    answer(request) {
      if (request.method !== "GET" && request.method !== "HEAD") return undefined;
      switch (OWN_PATH.exec(request.url)?.[1]) {
        case "/healthz":
          return sealed(request, Response.json({ status: "alive", instance }));
        case "/readyz":
          return sealed(request, readyz());
        case "/metrics":
          return request.headers.has("via") ? undefined : sealed(request, metrics());
        default:
          return undefined;
      }
    },
    drain() {
      draining = true;
    },
    get lastProbed() {
      return lastProbed;
    },
    get drainSeen() {
      return drainSeen;
    },
  };
}

const OWN_PATH = /^https?:\/\/[^/]+(\/healthz|\/readyz|\/metrics)(?:\?|$)/;

/**
 * What the main port serves: the process's own endpoints, if they have no port of their own, and everything
 * else passed on. It is the process's own endpoints all the same that tell whether a balancer in front has
 * seen it drain.
 */
export function mainPort(options: { balancer: Balancer; endpoints: Endpoints; pure: boolean }): Served {
  const { balancer, endpoints, pure } = options;
  return {
    fetch(request: Request, info?: ServeInfo) {
      const own = pure ? undefined : endpoints.answer(request);
      return own ?? balancer.fetch(request, info);
    },
    drain: () => endpoints.drain(),
    registry: balancer.registry,
    get lastProbed() {
      return endpoints.lastProbed;
    },
    get drainSeen() {
      return endpoints.drainSeen;
    },
  };
}
