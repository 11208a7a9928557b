import { type Clock, systemClock } from "@flotilla/runtime";
import { getLogger } from "@logtape/logtape";
import { DEVELOPMENT_SEED, userKey, USERS } from "./keyspace.ts";
import type { PasswordHasher } from "./passwords/password_hasher.ts";
import { type User, userSchema } from "./user.ts";

const USERNAME = "admin";
const PASSWORD = "password";

/** What {@linkcode seedDevelopmentAdmin} works with. */
export interface SeedOptions {
  kv: Deno.Kv;
  hasher: PasswordHasher;
  /** Whether `FLOTILLA_ENV=production`: then it refuses. */
  production: boolean;
  /** @default `systemClock` */
  clock?: Clock;
}

/** A development password was about to be used in production. */
export class DevelopmentAdminError extends Error {
  override readonly name = "DevelopmentAdminError";
}

/**
 * Makes the account `admin` with the password `password` in a database that never had an account, and says so in the log.
 * A database that was seeded once is never seeded again, even when the account was deleted since.
 *
 * @returns whether this call made it
 * @throws {DevelopmentAdminError} in production
 */
export async function seedDevelopmentAdmin(options: SeedOptions): Promise<boolean> {
  const { kv, hasher, production, clock = systemClock } = options;
  if (production) {
    throw new DevelopmentAdminError("Cannot make the development admin: FLOTILLA_ENV is production");
  }
  if ((await kv.get(DEVELOPMENT_SEED)).versionstamp !== null || await anyUser(kv)) return false;
  const user = await developmentAdmin(hasher, clock.now());
  const { ok } = await kv.atomic()
    .check({ key: DEVELOPMENT_SEED, versionstamp: null })
    .check({ key: userKey(USERNAME), versionstamp: null })
    .set(userKey(USERNAME), user)
    .set(DEVELOPMENT_SEED, { created: user.created })
    .commit();
  if (ok) {
    getLogger(["flotilla", "auth"]).warn(
      "Made the account admin with the password password: for development only, change it before anyone else can reach this",
    );
  }
  return ok;
}

/**
 * Refuses a database in which the development admin still has its well-known password.
 *
 * @throws {DevelopmentAdminError} when it has
 */
export async function refuseDevelopmentAdmin(kv: Deno.Kv): Promise<void> {
  const { value } = await kv.get(userKey(USERNAME));
  if (value === null || !userSchema.parse(value).development) return;
  throw new DevelopmentAdminError(
    "Cannot start in production: the account admin in this database has the development password",
  );
}

async function anyUser(kv: Deno.Kv): Promise<boolean> {
  const { done } = await kv.list({ prefix: USERS }, { limit: 1 }).next();
  return done !== true;
}

async function developmentAdmin(hasher: PasswordHasher, now: number): Promise<User> {
  return {
    username: USERNAME,
    role: "admin",
    passwordHash: await hasher.hash(PASSWORD),
    epoch: now,
    disabled: false,
    development: true,
    created: now,
    updated: now,
  };
}
