import type { Hono } from "hono";
import { addPath, type AuthEnvironment } from "../method_table.ts";
import { requireUser } from "../principal.ts";
import type { Users } from "../users.ts";

/**
 * `GET /auth/standing`, which no gateway passes on: whether the account on whose behalf another role works is there and
 * enabled, and since when there is one of that name. Unlike `/auth/me` it does not ask for a session that lasts.
 */
export function addStandingRoute(app: Hono<AuthEnvironment>, { users }: { users: Users }): void {
  addPath(app, "/auth/standing", {
    async GET(c) {
      const { subject } = requireUser(c.env.caller);
      const found = await users.find(subject);
      const standing = found === undefined
        ? { active: false }
        : { active: !found.user.disabled, since: new Date(found.user.created).toISOString() };
      return Response.json(standing, { headers: { "cache-control": "no-store" } });
    },
  });
}
