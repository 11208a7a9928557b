import { ProblemError } from "@flotilla/runtime";
import { audit, type AuditOrigin } from "./audit.ts";
import type { AuthMetrics, SignInOutcome } from "./auth_metrics.ts";
import type { PasswordCheck } from "./password_check.ts";
import { overload, type PasswordHasher } from "./passwords/password_hasher.ts";
import type { OpenSession, Sessions } from "./sessions.ts";
import type { StoredUser } from "./user.ts";
import type { Users } from "./users.ts";

/** What someone says who wants to sign in. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Signs users in. */
export interface SignIn {
  /**
   * Begins a session for whoever gives the right password.
   *
   * @throws {ProblemError} 401 for an unknown user, a wrong password or a disabled account, all alike; 429 after too many
   * failures; 503 when too many sign-ins are under way
   * @param signal aborted when nobody waits for it any more
   */
  (credentials: Credentials, origin: AuditOrigin, signal?: AbortSignal): Promise<OpenSession>;
}

/** What {@linkcode createSignIn} needs. */
export interface SignInOptions {
  users: Users;
  sessions: Sessions;
  hasher: PasswordHasher;
  check: PasswordCheck;
  metrics: AuthMetrics;
}

/** How often a sign-in begins again because its user was changed meanwhile. */
const TRIES = 3;

/** Makes the sign-in. */
export function createSignIn({ users, sessions, hasher, check, metrics }: SignInOptions): SignIn {
  /** The password's hash with the parameters of today, when the stored one is cheaper and there is time for it. */
  async function rehash({ user }: StoredUser, password: string): Promise<string | undefined> {
    if (!hasher.outdated(user.passwordHash) || hasher.saturated) return undefined;
    return await hasher.hash(password);
  }

  async function attempt(
    { username, password }: Credentials,
    origin: AuditOrigin,
    signal: AbortSignal | undefined,
  ): Promise<OpenSession> {
    const { address } = origin;
    const attempter = { username, address, ...(signal === undefined ? {} : { signal }) };
    for (let i = 0; i < TRIES; i++) {
      const stored = await users.find(username);
      const right = await check(stored?.user, password, attempter);
      if (!right || stored === undefined) throw badCredentials();
      const opened = await sessions.open(stored, await rehash(stored, password));
      if (opened !== undefined) return opened;
    }
    throw overload();
  }

  return async (credentials, origin, signal) => {
    const username = credentials.username.trim().toLowerCase();
    try {
      const opened = await attempt({ ...credentials, username }, origin, signal);
      metrics.signedIn("succeeded");
      audit({ event: "signed_in", username, session: opened.session.id }, origin);
      return opened;
    } catch (error) {
      if (error instanceof ProblemError) tell(error, username, origin);
      throw error;
    }
  };

  function tell(error: ProblemError, username: string, origin: AuditOrigin): void {
    const outcome = outcomeOf(error);
    metrics.signedIn(outcome);
    // What was typed in place of a name may be a password.
    const name = NAME.test(username) ? username : "(not a name)";
    if (outcome === "failed") audit({ event: "sign_in_failed", username: name }, origin);
    if (outcome !== "delayed") return;
    const seconds = Number(error.headers.get("retry-after"));
    audit({ event: "sign_in_delayed", username: name, seconds }, origin);
  }
}

const NAME = /^[a-z0-9][a-z0-9._@+-]{0,63}$/;

function outcomeOf({ status }: ProblemError): SignInOutcome {
  if (status === 429) return "delayed";
  return status === 401 ? "failed" : "shed";
}

function badCredentials(): ProblemError {
  return new ProblemError(401, "The username or the password is wrong", {
    headers: { "www-authenticate": "Bearer" },
  });
}
