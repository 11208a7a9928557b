import { ProblemError, type RequestContext } from "@flotilla/runtime";
import type { Context, Hono } from "hono";
import type { Caller } from "./principal.ts";

/** What every handler of the auth service is given. */
export interface AuthEnvironment {
  readonly Bindings: {
    readonly context: RequestContext;
    /** Who calls, by the assertion of the request. */
    readonly caller: Caller;
  };
}

/** Answers one method of one path. */
export type AuthHandler = (context: Context<AuthEnvironment>) => Response | Promise<Response>;

/**
 * Registers the methods of a path. `HEAD` goes with `GET`, `OPTIONS` tells what there is, and every other method is
 * answered with 405 and `Allow` (RFC 9110, section 15.5.6).
 */
export function addPath(
  app: Hono<AuthEnvironment>,
  path: string,
  methods: Readonly<Partial<Record<"GET" | "POST" | "PUT" | "PATCH" | "DELETE", AuthHandler>>>,
): void {
  const allow = [...Object.keys(methods), ...(methods.GET === undefined ? [] : ["HEAD"]), "OPTIONS"].join(
    ", ",
  );
  for (const [method, handler] of Object.entries(methods)) {
    app.on(method, path, (c) => {
      c.env.context.route = path;
      return handler(c);
    });
  }
  app.options(path, () => new Response(null, { status: 204, headers: { allow } }));
  app.all(path, (c) => {
    throw new ProblemError(405, `${c.req.method} is not possible here: ${allow} are`, { headers: { allow } });
  });
}
