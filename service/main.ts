import { host, trunkFlags } from "@flotilla/balancer/host";
import {
  flag,
  instanceName,
  internalKey,
  kvAccessToken,
  number,
  openKv,
  readFlags,
  refuseToStart,
  secretProblems,
  serveFlags,
} from "@flotilla/runtime";
import { z } from "zod";
import { createService } from "./mod.ts";

const flags = readFlags({ name: "deno task service", summary: "records in the database, cached." }, {
  ...serveFlags,
  acceptTrunks: trunkFlags.acceptTrunks,
  database: flag(z.string("must be given").min(1), {
    help: "where records are kept: a file, :memory:, or the URL of a KV Connect server",
    placeholder: "TARGET",
  }),
  cache: flag(z.string().min(1).optional(), {
    help: "the cache that all services share, named likewise",
    placeholder: "TARGET",
  }),
  cacheTtl: flag(number(z.number().min(1).max(86_400)).default(600), {
    help: "seconds that an entry stays in the shared cache, give or take a tenth",
    placeholder: "SECONDS",
  }),
  nearBytes: flag(number(z.number().int().min(65_536)).default(67_108_864), {
    help: "about the most bytes of records cached in this process; pages get a quarter of it besides",
    placeholder: "BYTES",
  }),
});
const instance = instanceName("service", flags);
const key = readSecrets();
const database = await openKv(flags.database);
const cache = flags.cache === undefined ? undefined : openKv(flags.cache);
const service = createService({
  database,
  cache,
  internalKey: key,
  instance,
  nearBytes: flags.nearBytes,
  sharedCache: { ttl: flags.cacheTtl * 1_000 },
});
await host(service, flags, { instance, open: service.open, acceptTrunks: flags.acceptTrunks });
// An operation that waits for a server which is away would keep the process.
Deno.exit(0);

function readSecrets(): string {
  const problems = secretProblems([kvAccessToken, internalKey]);
  if (problems.length > 0) refuseToStart(problems.join("\n"));
  return internalKey();
}
