import { type Principal, tokensSchema, type TokenVerifier } from "@flotilla/auth/verify";
import { ProblemError } from "@flotilla/runtime";
import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { type CallInner, contentOf, requireSuccess } from "./inner_calls.ts";
import type { PageEnvironment } from "./page_environment.ts";

/** An administrator who is signed in. */
export interface Session {
  readonly principal: Principal;
  readonly token: string;
}

/** Signs people in and out; who they are is kept in their browsers only, so that every gateway knows them. */
export interface Sessions {
  /** Signs in with an account of the auth service. @throws {ProblemError} as that does, 403 for one that is no administrator */
  signIn(c: Context<PageEnvironment>, credentials: Credentials): Promise<void>;
  /** Who has sent the request, if that is an administrator. A token that is over is exchanged for a new one. */
  find(c: Context<PageEnvironment>): Promise<Session | undefined>;
  signOut(c: Context<PageEnvironment>): Promise<void>;
  /** Whether the session has not ended since. */
  holds(session: Session): boolean;
}

/** What somebody signs in with. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** The cookies that hold the two tokens. No script reads them, and no other site's page sends them. */
const ACCESS = "flotilla_access";
const REFRESH = "flotilla_refresh";
const PATH = "/dashboard";
/** The browser forgets who has not come for so long; seconds. The auth service may end a session before. */
const LONGEST_ABSENCE = 86_400;

/** Keeps the sessions of the dashboard, with the accounts and the sessions of the auth service. */
export function createSessions(options: { auth: CallInner; verifier: TokenVerifier }): Sessions {
  const { auth, verifier } = options;

  async function exchange(c: Context<PageEnvironment>, target: string, json: unknown): Promise<Session> {
    const { requestId, address } = c.env;
    const caller = { kind: "anonymous", ...(address === undefined ? {} : { address }) } as const;
    const response = await auth({ method: "POST", target, json, caller, requestId });
    const { token, refresh_token } = await contentOf(response, tokensSchema);
    const principal = await verifier.verify(token);
    if (principal.role !== "admin") {
      await end(c, principal);
      throw new ProblemError(403, "The dashboard is for administrators");
    }
    keep(c, ACCESS, token);
    keep(c, REFRESH, refresh_token);
    return { principal, token };
  }

  async function end(c: Context<PageEnvironment>, principal: Principal): Promise<void> {
    const caller = { kind: "user", principal } as const;
    const { requestId } = c.env;
    await requireSuccess(await auth({ method: "POST", target: "/auth/logout", caller, requestId }));
  }

  async function verified(token: string): Promise<Session | undefined> {
    try {
      const principal = verifier.peek(token) ?? await verifier.verify(token);
      return principal.role === "admin" ? { principal, token } : undefined;
    } catch (error) {
      if (isUnauthorized(error)) return undefined;
      throw error;
    }
  }

  return {
    async signIn(c, credentials) {
      await exchange(c, "/auth/login", credentials);
    },
    async find(c) {
      const token = getCookie(c, ACCESS);
      const session = token === undefined ? undefined : await verified(token);
      const refresh_token = getCookie(c, REFRESH);
      if (session !== undefined || refresh_token === undefined) return session;
      try {
        return await exchange(c, "/auth/refresh", { refresh_token });
      } catch (error) {
        if (isUnauthorized(error)) return undefined;
        throw error;
      }
    },
    async signOut(c) {
      const token = getCookie(c, ACCESS);
      const session = token === undefined ? undefined : await verified(token);
      forget(c, ACCESS);
      forget(c, REFRESH);
      if (session !== undefined) await end(c, session.principal);
    },
    holds: ({ token }) => verifier.peek(token) !== undefined,
  };
}

function keep(c: Context<PageEnvironment>, name: string, value: string): void {
  setCookie(c, name, value, {
    path: PATH,
    httpOnly: true,
    sameSite: "Strict",
    secure: c.env.secure,
    maxAge: LONGEST_ABSENCE,
  });
}

function forget(c: Context<PageEnvironment>, name: string): void {
  deleteCookie(c, name, { path: PATH, secure: c.env.secure });
}

function isUnauthorized(error: unknown): boolean {
  return error instanceof ProblemError && (error.status === 401 || error.status === 403);
}
