import { ProblemError } from "@flotilla/runtime";
import type { Hono } from "hono";
import { audit } from "../audit.ts";
import type { AuthMetrics } from "../auth_metrics.ts";
import { loginSchema, refreshSchema } from "../contract.ts";
import { jsonBody } from "../json_body.ts";
import { addPath, type AuthEnvironment } from "../method_table.ts";
import { originOf } from "../origin.ts";
import { patienceOf } from "../patience.ts";
import { requireUser } from "../principal.ts";
import type { OpenSession, Sessions } from "../sessions.ts";
import type { SignIn } from "../sign_in.ts";
import type { TokenIssuer } from "../token_issuer.ts";

/** What the routes of signing in and out work with. */
export interface SignInRoutes {
  signIn: SignIn;
  sessions: Sessions;
  tokens: TokenIssuer;
  metrics: AuthMetrics;
}

/** `POST /auth/login`, `POST /auth/refresh` and `POST /auth/logout`. */
export function addSignInRoutes(app: Hono<AuthEnvironment>, options: SignInRoutes): void {
  const { signIn, sessions, tokens, metrics } = options;

  async function answer({ user, session, refreshToken }: OpenSession): Promise<Response> {
    const token = await tokens.issue({ username: user.username, role: user.role, session: session.id });
    const body = { token, token_type: "Bearer", expires_in: tokens.lifetime, refresh_token: refreshToken };
    return Response.json(body, { headers: { "cache-control": "no-store" } });
  }

  addPath(app, "/auth/login", {
    POST: async (c) => {
      const credentials = await jsonBody(c.req.raw, loginSchema);
      return await answer(await signIn(credentials, originOf(c), patienceOf(c)));
    },
  });
  addPath(app, "/auth/refresh", {
    POST: async (c) => {
      const { refresh_token } = await jsonBody(c.req.raw, refreshSchema);
      const outcome = await sessions.refresh(refresh_token);
      metrics.refreshed(outcome.kind);
      if (outcome.kind === "refreshed") return await answer(outcome.open);
      if (outcome.kind === "reused") {
        const { id, username } = outcome.session;
        audit({ event: "refresh_token_reused", username, session: id }, originOf(c));
      }
      throw badRefreshToken();
    },
  });
  addPath(app, "/auth/logout", {
    POST: async (c) => {
      const { subject: username, session } = requireUser(c.env.caller);
      if (await sessions.end(session)) audit({ event: "signed_out", username, session }, originOf(c));
      return new Response(null, { status: 204 });
    },
  });
}

/** The same for a token that was never valid, has ended, or was used before: whoever stole one learns nothing. */
function badRefreshToken(): ProblemError {
  return new ProblemError(401, "The refresh token does not hold: sign in again", {
    headers: { "www-authenticate": 'Bearer error="invalid_token"' },
  });
}
