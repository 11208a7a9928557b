import { ProblemError } from "@flotilla/runtime";
import type { Context, Hono } from "hono";
import { audit } from "../audit.ts";
import { newUserSchema, usernameSchema, userPatchSchema, userQuerySchema } from "../contract.ts";
import { jsonBody } from "../json_body.ts";
import { addPath, type AuthEnvironment } from "../method_table.ts";
import { originOf } from "../origin.ts";
import type { PasswordHasher } from "../passwords/password_hasher.ts";
import { requireRight } from "../principal.ts";
import { viewOf } from "../user.ts";
import type { UserChange, UserChanges } from "../user_changes.ts";
import type { Users } from "../users.ts";
import { requireGoodPassword } from "./good_password.ts";

/** What the routes of user administration work with. */
export interface UserRoutes {
  users: Users;
  changes: UserChanges;
  hasher: PasswordHasher;
}

type Call = Context<AuthEnvironment>;

const NO_STORE = { "cache-control": "no-store" };

/** `GET` and `POST /auth/users`; `GET`, `PATCH` and `DELETE /auth/users/:username`: for admins. */
export function addUserRoutes(app: Hono<AuthEnvironment>, { users, changes, hasher }: UserRoutes): void {
  async function list(c: Call): Promise<Response> {
    requireRight(c.env.caller, "users:manage");
    const query = userQuerySchema.safeParse(c.req.query());
    if (!query.success) {
      throw new ProblemError(400, "limit must be 1 to 500, and cursor one that an earlier answer gave");
    }
    const { limit, cursor } = query.data;
    const page = await users.list({ limit, ...(cursor === undefined ? {} : { cursor }) });
    return Response.json({ users: page.users.map(viewOf), next: page.next }, { headers: NO_STORE });
  }

  async function create(c: Call): Promise<Response> {
    const { subject: by } = requireRight(c.env.caller, "users:manage");
    const { username, role, password } = await jsonBody(c.req.raw, newUserSchema);
    requireGoodPassword(password, { username, pointer: "/password" });
    const user = await changes.create({ username, role, passwordHash: await hasher.hash(password) }, by);
    audit({ event: "user_created", username, by, role }, originOf(c));
    const location = `/auth/users/${encodeURIComponent(username)}`;
    return Response.json(viewOf(user), { status: 201, headers: { ...NO_STORE, location } });
  }

  async function show(c: Call): Promise<Response> {
    requireRight(c.env.caller, "users:manage");
    const username = usernameOf(c);
    const stored = await users.find(username);
    if (stored === undefined) throw new ProblemError(404, `No user has the name ${username}`);
    return Response.json(viewOf(stored.user), { headers: NO_STORE });
  }

  async function update(c: Call): Promise<Response> {
    const { subject: by } = requireRight(c.env.caller, "users:manage");
    const username = usernameOf(c);
    const { password, role, disabled } = await jsonBody(c.req.raw, userPatchSchema, {
      types: ["application/json", "application/merge-patch+json"],
    });
    requireAnother(username, by);
    if (password !== undefined) requireGoodPassword(password, { username, pointer: "/password" });
    const change: UserChange = {
      ...(role === undefined ? {} : { role }),
      ...(disabled === undefined ? {} : { disabled }),
      ...(password === undefined ? {} : { passwordHash: await hasher.hash(password) }),
    };
    const user = await changes.update(username, change, by);
    audit({ event: "user_changed", username, by, members: Object.keys(change) }, originOf(c));
    return Response.json(viewOf(user), { headers: NO_STORE });
  }

  async function remove(c: Call): Promise<Response> {
    const { subject: by } = requireRight(c.env.caller, "users:manage");
    const username = usernameOf(c);
    requireAnother(username, by);
    await changes.remove(username, by);
    audit({ event: "user_deleted", username, by }, originOf(c));
    return new Response(null, { status: 204 });
  }

  addPath(app, "/auth/users", { GET: list, POST: create });
  addPath(app, "/auth/users/:username", { GET: show, PATCH: update, DELETE: remove });
}

function usernameOf(c: Call): string {
  const name = c.req.param("username") ?? "";
  const { success, data } = usernameSchema.safeParse(name);
  if (!success) throw new ProblemError(404, "No user has such a name");
  return data;
}

/** Nobody takes away its own account or rights: so there is always an admin left. */
function requireAnother(username: string, by: string): void {
  if (username !== by) return;
  throw new ProblemError(
    409,
    "Another admin must do this; your own password is changed with PUT /auth/password",
  );
}
