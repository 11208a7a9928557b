import {
  configureLogging,
  flag,
  internalKey,
  number,
  openKv,
  readFlags,
  refuseToStart,
  SecretError,
  switchFlag,
  withDeadline,
} from "@flotilla/runtime";
import { getLogger } from "@logtape/logtape";
import { z } from "zod";
import { rotateKeys } from "./key_rotation.ts";

const flags = readFlags({
  name: "deno task auth-rotate-keys",
  summary: "a new key to sign tokens with, published first and used later, so that no token is refused",
}, {
  database: flag(z.string("must be given"), {
    help: "file path or the URL of a KV Connect server",
    placeholder: "TARGET",
  }),
  tokenLifetime: flag(number(z.number().int().min(10).max(86_400)).default(900), {
    help: "seconds that an access token lives, as the auth services have it",
    placeholder: "SECONDS",
  }),
  keysMaxAge: flag(number(z.number().int().min(1).max(3_600)).default(600), {
    help: "seconds that the published keys may be cached, as the auth services have it",
    placeholder: "SECONDS",
  }),
  compromised: switchFlag({
    help: "withdraw the keys so far at once: every token signed until now is refused",
  }),
});

const PATIENCE = 10_000;

await configureLogging({ instance: "auth-rotate-keys" });
try {
  const kv = await openKv(flags.database, { signal: AbortSignal.timeout(PATIENCE) });
  const { kid, signsFrom, retires } = await rotateKeys({
    kv: withDeadline(kv),
    internalKey: internalKey(),
    ...flags,
  });
  getLogger(["flotilla", "auth"]).info(
    "Key {kid} is published; it signs from {signsFrom}, and the keys before it are withdrawn at {retires}",
    { kid, signsFrom: new Date(signsFrom).toISOString(), retires: new Date(retires).toISOString() },
  );
  kv.close();
} catch (error) {
  if (error instanceof SecretError) refuseToStart(error.message);
  throw error;
}
