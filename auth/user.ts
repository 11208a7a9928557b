import { z } from "zod";
import type { userViewSchema } from "./contract.ts";
import { RIGHTS, roleSchema } from "./principal.ts";

/** An account as it is kept. Times in milliseconds since the epoch. */
export const userSchema = z.object({
  username: z.string(),
  role: roleSchema,
  /** PHC string. */
  passwordHash: z.string(),
  /** Grows whenever all sessions so far must end; a session of an earlier epoch is over. */
  epoch: z.number(),
  disabled: z.boolean(),
  /** The well-known password of a development database is still in use. */
  development: z.boolean(),
  created: z.number(),
  updated: z.number(),
});
export type User = z.infer<typeof userSchema>;

/** An account with the version that it was read in. */
export interface StoredUser {
  readonly user: User;
  readonly versionstamp: string;
}

/** An account as it is shown. */
export type UserView = z.infer<typeof userViewSchema>;

/** What may be seen of an account from outside. */
export function viewOf(user: User): UserView {
  const { username, role, disabled, created, updated } = user;
  return {
    username,
    role,
    rights: [...RIGHTS[role]],
    disabled,
    created: new Date(created).toISOString(),
    updated: new Date(updated).toISOString(),
  };
}
