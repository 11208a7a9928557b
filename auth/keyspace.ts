/** Where auth keeps what in the database, all beneath one prefix. */
const PREFIX = "auth";

/** The signing keys: one value, so that they change together. */
export const SIGNING_KEYS: Deno.KvKey = [PREFIX, "signing_keys"];
/** Set once the first account was made, so that it is never made again. */
export const FIRST_ADMIN: Deno.KvKey = [PREFIX, "first_admin"];
export const USERS: Deno.KvKey = [PREFIX, "user"];

export const userKey = (username: string): Deno.KvKey => [...USERS, username];
export const sessionKey = (id: string): Deno.KvKey => [PREFIX, "session", id];

/** How many revocations there have been: gateways watch it. */
export const REVOCATION_HEAD: Deno.KvKey = [PREFIX, "revocation_head"];
/** The revocations that still matter, by number. */
export const REVOCATIONS: Deno.KvKey = [PREFIX, "revocation"];

export const revocationKey = (sequence: number): Deno.KvKey => [...REVOCATIONS, sequence];
/** What is left of a deleted account until its last token has ended. */
export const formerUserKey = (username: string): Deno.KvKey => [PREFIX, "former_user", username];
/** Failed attempts to sign in. */
export const attemptsKey = (
  kind: "account" | "address",
  id: string,
): Deno.KvKey => [PREFIX, "attempts", kind, id];
/** Addresses from which an account was signed in to before. */
export const knownAddressKey = (account: string, address: string): Deno.KvKey => [
  PREFIX,
  "known_address",
  account,
  address,
];
