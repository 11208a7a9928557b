import { ProblemError } from "@flotilla/runtime";
import type { Hono } from "hono";
import { addPath, type AuthEnvironment } from "../method_table.ts";
import { type Principal, requireUser } from "../principal.ts";
import { type User, viewOf } from "../user.ts";
import type { Users } from "../users.ts";

/** `GET /auth/me`. */
export function addAccountRoutes(app: Hono<AuthEnvironment>, { users }: { users: Users }): void {
  addPath(app, "/auth/me", {
    GET: async (c) => {
      const principal = requireUser(c.env.caller);
      const stored = await users.find(principal.subject);
      if (stored === undefined || stored.user.disabled) throw accountGone();
      return Response.json(meOf(stored.user, principal), { headers: { "cache-control": "no-store" } });
    },
  });
}

function meOf(user: User, principal: Principal): object {
  const expires = new Date(principal.expires * 1_000).toISOString();
  return { ...viewOf(user), session: principal.session, token_expires: expires };
}

/** The answer to a token whose account is gone or disabled. */
export function accountGone(): ProblemError {
  return new ProblemError(401, "The account of this token is gone or disabled", {
    headers: { "www-authenticate": 'Bearer error="invalid_token"' },
  });
}
