import type { Attempter, AttemptLimits } from "./attempt_limits.ts";
import { overload, type PasswordHasher } from "./passwords/password_hasher.ts";
import type { User } from "./user.ts";

/** Checks a password against an account, within the limits on attempts. */
export interface PasswordCheck {
  /**
   * Whether `password` is the user's. Without a user, or for a disabled one, it takes the same time and says no.
   *
   * @throws {ProblemError} 429 while the account or the address has to wait, 503 when too many passwords are being checked
   */
  (user: User | undefined, password: string, attempter: Attempter): Promise<boolean>;
}

/** What {@linkcode createPasswordCheck} needs. */
export interface PasswordCheckOptions {
  hasher: PasswordHasher;
  limits: AttemptLimits;
}

/**
 * Makes the check. A name that does not exist costs a hash like one that does, and is limited alike, so that neither the
 * answer nor its time tells which names there are.
 */
export function createPasswordCheck({ hasher, limits }: PasswordCheckOptions): PasswordCheck {
  let decoy: Promise<string> | undefined;
  let underWay = 0;

  async function verify(
    user: User | undefined,
    password: string,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    decoy ??= hasher.hash(crypto.randomUUID()).catch((error) => {
      decoy = undefined;
      throw error;
    });
    const matches = await hasher.verify(password, user?.passwordHash ?? await decoy, signal);
    return matches && user !== undefined && !user.disabled;
  }

  async function check(user: User | undefined, password: string, attempter: Attempter): Promise<boolean> {
    const attempt = await limits.begin(attempter);
    let right: boolean;
    try {
      right = await verify(user, password, attempter.signal);
    } catch (error) {
      await attempt.withdraw();
      throw error;
    }
    if (right) await attempt.succeeded();
    return right;
  }

  return async (user, password, attempter) => {
    // What would be shed in the end is shed before it costs the database anything.
    if (underWay >= hasher.capacity || hasher.saturated) throw overload();
    underWay++;
    try {
      return await check(user, password, attempter);
    } finally {
      underWay--;
    }
  };
}
