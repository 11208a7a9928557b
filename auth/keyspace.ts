/** Where auth keeps what in the database, all beneath one prefix. */
const PREFIX = "auth";

/** The signing keys: one value, so that they change together. */
export const SIGNING_KEYS: Deno.KvKey = [PREFIX, "signing_keys"];
/** Set once the development admin was made, so that it is never made again. */
export const DEVELOPMENT_SEED: Deno.KvKey = [PREFIX, "development_seed"];
export const USERS: Deno.KvKey = [PREFIX, "user"];

export const userKey = (username: string): Deno.KvKey => [...USERS, username];
export const sessionKey = (id: string): Deno.KvKey => [PREFIX, "session", id];
