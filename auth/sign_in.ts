import { ProblemError } from "@flotilla/runtime";
import { overload, type PasswordHasher } from "./passwords/password_hasher.ts";
import type { OpenSession, Sessions } from "./sessions.ts";
import type { StoredUser, User } from "./user.ts";
import type { Users } from "./users.ts";

/** What someone says who wants to sign in. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** A sign-in that succeeded. */
export interface SignedIn extends OpenSession {
  readonly user: User;
}

/** Signs users in. */
export interface SignIn {
  /**
   * Begins a session for whoever gives the right password.
   *
   * @throws {ProblemError} 401 for an unknown user, a wrong password or a disabled account, all alike; 503 when too many
   * sign-ins are under way
   */
  (credentials: Credentials): Promise<SignedIn>;
}

/** What {@linkcode createSignIn} needs. */
export interface SignInOptions {
  users: Users;
  sessions: Sessions;
  hasher: PasswordHasher;
}

/** How often a sign-in begins again because its user was changed meanwhile. */
const TRIES = 5;

/**
 * Makes the sign-in. An unknown user costs a hash like a known one, so that neither the answer nor its time tells
 * whether a name exists.
 */
export function createSignIn({ users, sessions, hasher }: SignInOptions): SignIn {
  let decoy: Promise<string> | undefined;

  async function verify(stored: StoredUser | undefined, password: string): Promise<boolean> {
    const encoded = stored?.user.passwordHash ?? await (decoy ??= hasher.hash(crypto.randomUUID()));
    const matches = await hasher.verify(password, encoded);
    return matches && stored !== undefined && !stored.user.disabled;
  }

  return async ({ username, password }) => {
    if (hasher.saturated) throw overload();
    for (let attempt = 1; attempt <= TRIES; attempt++) {
      const stored = await users.find(username.trim().toLowerCase());
      if (!await verify(stored, password) || stored === undefined) throw badCredentials();
      const opened = await sessions.open(stored);
      if (opened !== undefined) return { ...opened, user: stored.user };
    }
    throw overload();
  };
}

function badCredentials(): ProblemError {
  return new ProblemError(401, "The username or the password is wrong", {
    headers: { "www-authenticate": "Bearer" },
  });
}
