import {
  type Clock,
  createRole,
  ProblemError,
  type RequestContext,
  type Role as ServedRole,
  systemClock,
} from "@flotilla/runtime";
import { Hono } from "hono";
import type { Registry } from "prom-client";
import { createAssertionVerifier } from "./assertion.ts";
import { createKeyRing } from "./key_ring.ts";
import { createKeySeal } from "./key_seal.ts";
import type { AuthEnvironment } from "./method_table.ts";
import type { PasswordHasher } from "./passwords/password_hasher.ts";
import { createRefreshTokens } from "./refresh_token.ts";
import { addAccountRoutes } from "./routes/account.ts";
import { addKeyRoutes } from "./routes/keys.ts";
import { addSignInRoutes } from "./routes/sign_in.ts";
import { createSessions } from "./sessions.ts";
import { createSignIn } from "./sign_in.ts";
import { createTokenIssuer } from "./token_issuer.ts";
import { createUsers } from "./users.ts";

/** What {@linkcode createAuth} works with. */
export interface AuthOptions {
  /** The database that all auth services share. */
  kv: Deno.Kv;
  /** This instance's name, in `x-served-by`. */
  instance: string;
  /** The key that all roles share, at least 32 characters. */
  internalKey: string;
  /** Hashes passwords. */
  hasher: PasswordHasher;
  /** Seconds that an access token lives. @default 900 */
  tokenLifetime?: number;
  /** Seconds that the published keys may be cached. @default 600 */
  keysMaxAge?: number;
  /** `iss` of tokens. @default `TOKEN_ISSUER` */
  issuer?: string;
  /** `aud` of tokens. @default `TOKEN_AUDIENCE` */
  audience?: string;
  /** @default `systemClock` */
  clock?: Clock;
  /** Where measures are registered. @default a new one */
  registry?: Registry;
}

/**
 * The auth service: users, sessions and tokens. It answers other roles only: every request needs an assertion, and
 * routes for signed-in callers go by the principal in it.
 *
 * @throws {RangeError} when the internal key is too short, or a time out of range
 */
export function createAuth(options: AuthOptions): ServedRole {
  const { kv, instance, internalKey, hasher, clock = systemClock, registry } = options;
  const { tokenLifetime = 900, keysMaxAge = 600, issuer, audience } = options;
  checkSeconds("tokenLifetime", tokenLifetime);
  checkSeconds("keysMaxAge", keysMaxAge);
  const assertions = createAssertionVerifier({ key: internalKey, clock });
  const keys = createKeyRing({
    kv,
    seal: createKeySeal(internalKey),
    retireAfter: (tokenLifetime + keysMaxAge) * 1_000,
    clock,
  });
  const users = createUsers(kv);
  const sessions = createSessions({ kv, refreshTokens: createRefreshTokens(internalKey), clock });
  const tokens = createTokenIssuer({
    keys,
    lifetime: tokenLifetime,
    clock,
    ...(issuer === undefined ? {} : { issuer }),
    ...(audience === undefined ? {} : { audience }),
  });
  const app = createApp();
  addSignInRoutes(app, { signIn: createSignIn({ users, sessions, hasher }), tokens });
  addAccountRoutes(app, { users });
  addKeyRoutes(app, { keys, maxAge: keysMaxAge });
  return createRole({
    role: "auth",
    instance,
    async handle(request: Request, context: RequestContext) {
      const caller = await assertions.verify(request);
      return await app.fetch(request, { context, caller });
    },
    checks: { database: async () => void await kv.get(["auth"]), keys: async () => void await keys.signer() },
    ...(registry === undefined ? {} : { registry }),
  });
}

function createApp(): Hono<AuthEnvironment> {
  const app = new Hono<AuthEnvironment>();
  app.onError((error) => {
    throw error;
  });
  app.notFound((c) => {
    throw new ProblemError(404, `There is nothing at ${c.req.path}`);
  });
  return app;
}

function checkSeconds(name: string, value: number): void {
  if (!Number.isFinite(value) || value <= 0) {
    throw new RangeError(`Cannot make the auth service: ${name} must be more than 0 seconds, got ${value}`);
  }
}
