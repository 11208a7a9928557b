import { ProblemError } from "@flotilla/runtime";
import { userKey, USERS } from "./keyspace.ts";
import { type StoredUser, type User, userSchema } from "./user.ts";

/** A part of the list of users. */
export interface UserPage {
  readonly users: readonly User[];
  /** Gets the next part; `null` when this was the last one. */
  readonly next: string | null;
}

/** The accounts in the database. */
export interface Users {
  /** The account of this name. */
  find(username: string): Promise<StoredUser | undefined>;
  /**
   * Accounts by name, `limit` at most.
   *
   * @throws {ProblemError} 400 for a cursor that was not given by an earlier call
   */
  list(options: { limit: number; cursor?: string }): Promise<UserPage>;
}

/** The accounts in a database. */
export function createUsers(kv: Deno.Kv): Users {
  return {
    async find(username) {
      const { value, versionstamp } = await kv.get(userKey(username));
      return versionstamp === null ? undefined : { user: userSchema.parse(value), versionstamp };
    },
    async list({ limit, cursor }) {
      const entries = kv.list({ prefix: USERS }, { limit, ...(cursor === undefined ? {} : { cursor }) });
      try {
        const users = await Array.fromAsync(entries, ({ value }) => userSchema.parse(value));
        return { users, next: users.length < limit ? null : entries.cursor };
      } catch (cause) {
        if (!(cause instanceof TypeError)) throw cause;
        throw new ProblemError(400, "The cursor was not given by an earlier answer", { cause });
      }
    },
  };
}
