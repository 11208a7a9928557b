import { ProblemError } from "@flotilla/runtime";
import type { Context, Hono } from "hono";
import type { z } from "zod";
import { audit } from "../audit.ts";
import { type meSchema, passwordChangeSchema } from "../contract.ts";
import { jsonBody } from "../json_body.ts";
import { addPath, type AuthEnvironment } from "../method_table.ts";
import { originOf } from "../origin.ts";
import type { PasswordCheck } from "../password_check.ts";
import { patienceOf } from "../patience.ts";
import type { PasswordHasher } from "../passwords/password_hasher.ts";
import { type Principal, requireUser } from "../principal.ts";
import type { Sessions } from "../sessions.ts";
import { type User, viewOf } from "../user.ts";
import type { UserChanges } from "../user_changes.ts";
import type { Users } from "../users.ts";
import { requireGoodPassword } from "./good_password.ts";

/** What the routes of one's own account work with. */
export interface AccountRoutes {
  users: Users;
  sessions: Sessions;
  changes: UserChanges;
  hasher: PasswordHasher;
  check: PasswordCheck;
}

/** `GET /auth/me` and `PUT /auth/password`. */
export function addAccountRoutes(app: Hono<AuthEnvironment>, options: AccountRoutes): void {
  const { users, sessions, changes, hasher, check } = options;

  /** The account of the caller, as long as its session lasts. */
  async function accountOf({ subject, session }: Principal): Promise<User> {
    const [stored, current] = await Promise.all([users.find(subject), sessions.find(session)]);
    const lasts = stored !== undefined && !stored.user.disabled &&
      current?.session.epoch === stored.user.epoch;
    if (!lasts) throw sessionOver();
    return stored.user;
  }

  async function changePassword(c: Context<AuthEnvironment>): Promise<Response> {
    const principal = requireUser(c.env.caller);
    const { current_password, new_password } = await jsonBody(c.req.raw, passwordChangeSchema);
    const { subject: username, session } = principal;
    const user = await accountOf(principal);
    const origin = originOf(c);
    const attempter = { username, address: origin.address, signal: patienceOf(c) };
    if (!await check(user, current_password, attempter)) {
      audit({ event: "password_change_failed", username, session }, origin);
      throw new ProblemError(403, "The current password is wrong");
    }
    requireGoodPassword(new_password, { username, pointer: "/new_password", former: current_password });
    const passwordHash = await hasher.hash(new_password);
    if (await changes.changePassword(user, { passwordHash, session }) === undefined) throw sessionOver();
    audit({ event: "password_changed", username, session }, origin);
    return new Response(null, { status: 204 });
  }

  addPath(app, "/auth/me", {
    GET: async (c) => {
      const principal = requireUser(c.env.caller);
      const me = meOf(await accountOf(principal), principal);
      return Response.json(me, { headers: { "cache-control": "no-store" } });
    },
  });
  addPath(app, "/auth/password", { PUT: changePassword });
}

function meOf(user: User, { session, expires }: Principal): z.infer<typeof meSchema> {
  return { ...viewOf(user), session, token_expires: new Date(expires * 1_000).toISOString() };
}

function sessionOver(): ProblemError {
  return new ProblemError(401, "The session of this token is over", {
    headers: { "www-authenticate": 'Bearer error="invalid_token"' },
  });
}
