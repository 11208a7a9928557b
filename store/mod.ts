/**
 * A KV Connect server over SQLite: `Deno.openKv("http://…")` and `@deno/kv` work with it unchanged.
 *
 * @module
 */
export { DatabaseOpenError, type Synchronous } from "./database_file.ts";
export { createStore, type Store, type StoreOptions } from "./store.ts";
