import { userKey } from "./keyspace.ts";
import { type StoredUser, userSchema } from "./user.ts";

/** The accounts in the database. */
export interface Users {
  /** The account of this name. */
  find(username: string): Promise<StoredUser | undefined>;
}

/** The accounts in a database. */
export function createUsers(kv: Deno.Kv): Users {
  return {
    async find(username) {
      const { value, versionstamp } = await kv.get(userKey(username));
      return versionstamp === null ? undefined : { user: userSchema.parse(value), versionstamp };
    },
  };
}
