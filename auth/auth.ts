import {
  type Clock,
  createRole,
  ProblemError,
  recentSuccess,
  type RequestContext,
  type Role as ServedRole,
  systemClock,
} from "@flotilla/runtime";
import { Hono } from "hono";
import { Registry } from "prom-client";
import { TOKEN_TOLERANCE } from "./access_token.ts";
import { createAssertionVerifier } from "./assertion.ts";
import { type AttemptLimitsOptions, createAttemptLimits } from "./attempt_limits.ts";
import { createAuthMetrics } from "./auth_metrics.ts";
import { createKeyRing, type KeyRing } from "./key_ring.ts";
import { createKeySeal } from "./key_seal.ts";
import type { AuthEnvironment } from "./method_table.ts";
import { createPasswordCheck } from "./password_check.ts";
import type { PasswordHasher } from "./passwords/password_hasher.ts";
import { createRefreshTokens } from "./refresh_token.ts";
import { addAccountRoutes } from "./routes/account.ts";
import { addKeyRoutes } from "./routes/keys.ts";
import { addSignInRoutes } from "./routes/sign_in.ts";
import { addStandingRoute } from "./routes/standing.ts";
import { addUserRoutes } from "./routes/users.ts";
import { createRevocationFeed } from "./revocation_feed.ts";
import { createSessions, type SessionOptions } from "./sessions.ts";
import { createSignIn } from "./sign_in.ts";
import { createTokenIssuer } from "./token_issuer.ts";
import { createUserChanges } from "./user_changes.ts";
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
  /** How long sessions last. @default those of {@linkcode SessionOptions} */
  sessions?: Pick<SessionOptions, "idle" | "absolute" | "reuseInterval">;
  /** How attempts to sign in are limited. @default those of {@linkcode AttemptLimitsOptions} */
  attempts?: Pick<AttemptLimitsOptions, "account" | "address">;
  /** `iss` of tokens. @default `TOKEN_ISSUER` */
  issuer?: string;
  /** `aud` of tokens. @default `TOKEN_AUDIENCE` */
  audience?: string;
  /** @default `systemClock` */
  clock?: Clock;
  /** Where measures are registered. @default a new one */
  registry?: Registry;
}

/** A token that was being made while its session ended lives this much longer at most; seconds. */
const SLACK = 60;

/**
 * The auth service: users, sessions and tokens. It answers other roles only: every request needs an assertion, and
 * routes for signed-in callers go by the principal in it.
 *
 * @throws {RangeError} when the internal key is too short, or a time out of range
 */
export function createAuth(options: AuthOptions): ServedRole {
  const { kv, instance, internalKey, hasher, clock = systemClock, registry = new Registry() } = options;
  const { tokenLifetime = 900, keysMaxAge = 600 } = options;
  checkSeconds("tokenLifetime", tokenLifetime);
  checkSeconds("keysMaxAge", keysMaxAge);
  const assertions = createAssertionVerifier({ key: internalKey, clock });
  const app = createApp();
  const keys = addRoutes(app, { ...options, hasher, clock, registry, tokenLifetime, keysMaxAge });
  return createRole({
    role: "auth",
    instance,
    async handle(request: Request, context: RequestContext) {
      const caller = await assertions.verify(request);
      return await app.fetch(request, { context, caller });
    },
    checks: {
      database: recentSuccess(async () => void await kv.get(["auth"]), { clock }),
      keys: recentSuccess(async () => void await keys.signer(), { clock }),
    },
    registry,
  });
}

type Complete =
  & AuthOptions
  & Required<Pick<AuthOptions, "clock" | "registry" | "tokenLifetime" | "keysMaxAge">>;

/** Puts the parts together. @returns the keys, for the readiness check */
function addRoutes(app: Hono<AuthEnvironment>, options: Complete): KeyRing {
  const { kv, internalKey, hasher, clock, registry, tokenLifetime, keysMaxAge, issuer, audience } = options;
  const tokensEnd = (tokenLifetime + TOKEN_TOLERANCE + SLACK) * 1_000;
  const keys = createKeyRing({
    kv,
    seal: createKeySeal(internalKey),
    retireAfter: (tokenLifetime + keysMaxAge) * 1_000,
    clock,
  });
  const tokens = createTokenIssuer({
    keys,
    lifetime: tokenLifetime,
    clock,
    ...(issuer === undefined ? {} : { issuer }),
    ...(audience === undefined ? {} : { audience }),
  });
  const metrics = createAuthMetrics(registry);
  const users = createUsers(kv);
  const revocations = createRevocationFeed({ kv, tokenLifetime: tokensEnd, clock });
  const refreshTokens = createRefreshTokens(internalKey);
  const sessions = createSessions({ kv, users, refreshTokens, revocations, clock, ...options.sessions });
  const changes = createUserChanges({ kv, users, sessions, revocations, tokenLifetime: tokensEnd, clock });
  const limits = createAttemptLimits({ kv, clock, ...options.attempts });
  const check = createPasswordCheck({ hasher, limits });
  const signIn = createSignIn({ users, sessions, hasher, check, metrics });
  addSignInRoutes(app, { signIn, sessions, tokens, metrics });
  addAccountRoutes(app, { users, sessions, changes, hasher, check });
  addUserRoutes(app, { users, changes, hasher });
  addStandingRoute(app, { users });
  addKeyRoutes(app, { keys, maxAge: keysMaxAge });
  return keys;
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
