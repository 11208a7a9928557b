import {
  flag,
  instanceName,
  kvAccessToken,
  number,
  readFlags,
  refuseToStart,
  SecretError,
  serve,
  serveFlags,
} from "@flotilla/runtime";
import { dirname } from "@std/path";
import { z } from "zod";
import { createStore, DatabaseOpenError, type Store } from "./mod.ts";

const flags = readFlags({ name: "deno task store", summary: "a KV Connect server over SQLite." }, {
  ...serveFlags,
  path: flag(z.string().min(1).default(":memory:"), {
    help: "database file, made when it is not there; in memory without one",
    placeholder: "FILE",
  }),
  synchronous: flag(z.enum(["full", "normal", "off"]).default("full"), {
    help:
      "how far a commit goes before it is acknowledged: full survives a power cut, normal a killed process",
    placeholder: "LEVEL",
  }),
  maxBytes: flag(number(z.number().int().min(1)).optional(), {
    help: "makes it a cache: what was not used for longest leaves first",
    placeholder: "BYTES",
  }),
  quota: flag(number(z.number().int().min(1)).optional(), {
    help: "size that the file may grow to; then writes that need more are answered 507",
    placeholder: "BYTES",
  }),
});

const instance = instanceName("store", flags);
await using store = openStore();
await serve(store, flags, { instance });

function openStore(): Store {
  const { path, synchronous, maxBytes, quota } = flags;
  try {
    if (path !== ":memory:") makeFolder(dirname(path));
    return createStore({
      path,
      synchronous,
      instance,
      accessToken: kvAccessToken(),
      ...(maxBytes === undefined ? {} : { maxBytes }),
      ...(quota === undefined ? {} : { quota }),
    });
  } catch (error) {
    if (error instanceof DatabaseOpenError || error instanceof SecretError) refuseToStart(error.message);
    throw error;
  }
}

/** Whoever starts a store with permission for its file alone has made the folder. */
function makeFolder(path: string): void {
  const { state } = Deno.permissions.querySync({ name: "write", path });
  if (state === "granted") Deno.mkdirSync(path, { recursive: true });
}
