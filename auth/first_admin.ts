import { type Clock, systemClock } from "@flotilla/runtime";
import { getLogger } from "@logtape/logtape";
import { usernameSchema } from "./contract.ts";
import { FIRST_ADMIN, userKey, USERS } from "./keyspace.ts";
import type { PasswordHasher } from "./passwords/password_hasher.ts";
import { passwordFault } from "./passwords/password_policy.ts";
import { type User, userSchema } from "./user.ts";

/** The account of a development database. */
const DEVELOPMENT = { username: "admin", password: "password" } as const;

/** What the first account is made with. */
export interface FirstAdminOptions {
  kv: Deno.Kv;
  hasher: PasswordHasher;
  /** @default `systemClock` */
  clock?: Clock;
}

/** A development password was about to be used in production. */
export class DevelopmentAdminError extends Error {
  override readonly name = "DevelopmentAdminError";
}

/**
 * Makes the first account, with role `admin`, in a database that never had one. Of several that try at the same moment,
 * one succeeds.
 *
 * @returns whether this call made it
 * @throws {RangeError} when the name is no username, or the password is too weak; the message says why
 */
export async function createFirstAdmin(
  credentials: { username: string; password: string },
  options: FirstAdminOptions,
): Promise<boolean> {
  const { password } = credentials;
  const { success, data: username } = usernameSchema.safeParse(credentials.username);
  if (!success) throw new RangeError(`Cannot take the name of the first admin: got ${credentials.username}`);
  const fault = passwordFault(password, { username });
  if (fault !== undefined) throw new RangeError(`Cannot take the password of the first admin: ${fault}`);
  return await make({ username, password }, { ...options, development: false });
}

/**
 * Makes the account `admin` with the password `password` in a database that never had an account, and says so in the log.
 * A database that was seeded once is never seeded again, even when the account was deleted since.
 *
 * @returns whether this call made it
 * @throws {DevelopmentAdminError} in production
 */
export async function seedDevelopmentAdmin(
  options: FirstAdminOptions & {
    /** Whether `FLOTILLA_ENV=production`: then it refuses. */
    production: boolean;
  },
): Promise<boolean> {
  if (options.production) {
    throw new DevelopmentAdminError("Cannot make the development admin: FLOTILLA_ENV is production");
  }
  const made = await make(DEVELOPMENT, { ...options, development: true });
  if (made) {
    getLogger(["flotilla", "auth"]).warn(
      "Made the account admin with the password password, for development only: change it before anyone else can reach this",
    );
  }
  return made;
}

/**
 * Refuses a database in which the development admin still has its well-known password.
 *
 * @throws {DevelopmentAdminError} when it has
 */
export async function refuseDevelopmentAdmin(kv: Deno.Kv): Promise<void> {
  const { value } = await kv.get(userKey(DEVELOPMENT.username));
  if (value === null || !userSchema.parse(value).development) return;
  throw new DevelopmentAdminError(
    "Cannot start in production: the account admin in this database has the development password",
  );
}

async function make(
  { username, password }: { username: string; password: string },
  options: FirstAdminOptions & { development: boolean },
): Promise<boolean> {
  const { kv, hasher, development, clock = systemClock } = options;
  const first = await kv.get(FIRST_ADMIN);
  if (first.versionstamp !== null || await anyUser(kv)) return false;
  const passwordHash = await hasher.hash(password);
  const now = clock.now();
  const times = { epoch: now, created: now, updated: now };
  const user: User = { username, role: "admin", passwordHash, disabled: false, development, ...times };
  const { ok } = await kv.atomic()
    .check(first)
    .check({ key: userKey(username), versionstamp: null })
    .set(userKey(username), user)
    .set(FIRST_ADMIN, { username, created: now })
    .commit();
  // The client may have sent the write twice: then the second was refused, and the salted hash tells that it was ours.
  return ok ||
    userSchema.safeParse((await kv.get(userKey(username))).value).data?.passwordHash === passwordHash;
}

async function anyUser(kv: Deno.Kv): Promise<boolean> {
  const { done } = await kv.list({ prefix: USERS }, { limit: 1 }).next();
  return done !== true;
}
