import { createFirstAdmin, createPasswordHasher } from "@flotilla/auth";
import { openKv } from "@flotilla/runtime";
import { createStore } from "@flotilla/store";

/** Whose account is made, in which database. */
export interface FirstAccountOptions {
  /** Path of the database file; its folder is there. */
  readonly database: string;
  readonly username: string;
  readonly password: string;
  /** The token that this process's KV client sends (`DENO_KV_ACCESS_TOKEN`). */
  readonly accessToken: string;
}

/**
 * Makes the first account in a database file, which is created when it is not there. The store serves it for as long as
 * that takes, on a port that the system chooses.
 *
 * @returns whether the account was made: a database that ever had one gets no other
 */
export async function makeFirstAccount(options: FirstAccountOptions): Promise<boolean> {
  const { database, username, password, accessToken } = options;
  await using store = createStore({ path: database, accessToken });
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => store.fetch(request),
  );
  using kv = await openKv(`http://127.0.0.1:${server.addr.port}`);
  return await createFirstAdmin({ username, password }, { kv, hasher: createPasswordHasher() });
}
