import type { Hono } from "hono";
import { loginSchema } from "../contract.ts";
import { jsonBody } from "../json_body.ts";
import { addPath, type AuthEnvironment } from "../method_table.ts";
import type { SignedIn, SignIn } from "../sign_in.ts";
import type { TokenIssuer } from "../token_issuer.ts";

/** What the routes of signing in work with. */
export interface SignInRoutes {
  signIn: SignIn;
  tokens: TokenIssuer;
}

/** `POST /auth/login`. */
export function addSignInRoutes(app: Hono<AuthEnvironment>, { signIn, tokens }: SignInRoutes): void {
  async function answer({ user, session, refreshToken }: SignedIn): Promise<Response> {
    const token = await tokens.issue({ username: user.username, role: user.role, session: session.id });
    const body = { token, token_type: "Bearer", expires_in: tokens.lifetime, refresh_token: refreshToken };
    return Response.json(body, { headers: { "cache-control": "no-store" } });
  }

  addPath(app, "/auth/login", {
    POST: async (c) => await answer(await signIn(await jsonBody(c.req.raw, loginSchema))),
  });
}
