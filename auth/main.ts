import {
  configureLogging,
  flag,
  instanceName,
  internalKey,
  kvAccessToken,
  number,
  openKv,
  production,
  readFlags,
  refuseToStart,
  SecretError,
  secretProblems,
  serve,
  serveFlags,
  switchFlag,
  withDeadline,
} from "@flotilla/runtime";
import { getLogger } from "@logtape/logtape";
import { z } from "zod";
import { createAuth } from "./auth.ts";
import { DevelopmentAdminError, refuseDevelopmentAdmin, seedDevelopmentAdmin } from "./first_admin.ts";
import { type HashEngine, inlineEngine } from "./passwords/hash_engine.ts";
import { createPasswordHasher } from "./passwords/password_hasher.ts";
import { HASH_WORKER, workerEngine } from "./passwords/worker_engine.ts";

const flags = readFlags({
  name: "deno task auth",
  summary: "users, sessions and tokens",
}, {
  ...serveFlags,
  database: flag(z.string("must be given"), {
    help: "file path, :memory: or the URL of a KV Connect server",
    placeholder: "TARGET",
  }),
  hashThreads: flag(number(z.number().int().min(1).max(64)).default(defaultThreads()), {
    help: "passwords hashed at the same time",
    placeholder: "COUNT",
  }),
  hashShare: flag(number(z.number().min(0.05).max(1)).default(0.5), {
    help: "share of a core that each of them takes at most",
    placeholder: "SHARE",
  }),
  floodShare: flag(number(z.number().min(0.01).max(1)).default(0.15), {
    help: "the same while sign-ins flood in",
    placeholder: "SHARE",
  }),
  tokenLifetime: flag(number(z.number().int().min(10).max(86_400)).default(900), {
    help: "seconds that an access token lives",
    placeholder: "SECONDS",
  }),
  keysMaxAge: flag(number(z.number().int().min(1).max(3_600)).default(600), {
    help: "seconds that the published keys may be cached",
    placeholder: "SECONDS",
  }),
  seedDevelopmentAdmin: switchFlag({ help: "make admin/password in an empty database; never in production" }),
});

const remote = /^https?:/.test(flags.database);
const problems = secretProblems(remote ? [internalKey, kvAccessToken] : [internalKey]);
if (problems.length > 0) refuseToStart(problems.join("\n"));
const instance = instanceName("auth", flags);
await configureLogging({ instance, level: flags.logLevel });
using engine = hashEngine(flags);
const hasher = createPasswordHasher({ engine });

try {
  const kv = withDeadline(await openKv(flags.database));
  const { tokenLifetime, keysMaxAge } = flags;
  const auth = createAuth({ kv, instance, internalKey: internalKey(), hasher, tokenLifetime, keysMaxAge });
  await checkDevelopmentAdmin(kv);
  await serve(auth, flags, { instance });
  kv.close();
} catch (error) {
  if (error instanceof SecretError || error instanceof DevelopmentAdminError) refuseToStart(error.message);
  throw error;
}

async function checkDevelopmentAdmin(kv: Deno.Kv): Promise<void> {
  if (production()) await refuseDevelopmentAdmin(kv);
  if (flags.seedDevelopmentAdmin) await seedDevelopmentAdmin({ kv, hasher, production: production() });
}

/** Half of the cores at most: hashing must leave room for what else runs on the machine. */
function defaultThreads(): number {
  return Math.max(1, Math.floor(navigator.hardwareConcurrency / 2));
}

function hashEngine({ hashThreads, hashShare, floodShare }: typeof flags): HashEngine {
  const folder = new URL(".", HASH_WORKER);
  const { state } = Deno.permissions.querySync({ name: "read", path: folder });
  if (state === "granted") return workerEngine({ threads: hashThreads, share: hashShare, floodShare });
  getLogger(["flotilla", "auth"]).warn("Hashing on the main thread: no --allow-read for {folder}", {
    folder: folder.pathname,
  });
  return inlineEngine();
}
