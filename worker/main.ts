import {
  flag,
  instanceName,
  internalKey,
  kvAccessToken,
  number,
  openKv,
  originSchema,
  readFlags,
  refuseToStart,
  secretProblems,
  serve,
  serveFlags,
  switchFlag,
  withDeadline,
} from "@flotilla/runtime";
import { z } from "zod";
import { builtinKinds } from "./kinds/builtin.ts";
import { createWorker } from "./worker.ts";

const flags = readFlags({ name: "deno task worker", summary: "takes long-running tasks and runs them" }, {
  ...serveFlags,
  store: flag(z.string("must be given"), { help: "where tasks are kept: what Deno.openKv takes" }),
  service: flag(originSchema.default("http://127.0.0.1:5002"), { help: "the data service that tasks call" }),
  auth: flag(originSchema.optional(), {
    help:
      "the auth service, asked whether the owner of a schedule is still enabled; nobody is asked without it",
    placeholder: "ORIGIN",
  }),
  concurrency: flag(number(z.number().int().min(1).max(1_000)).default(4), { help: "tasks run at once" }),
  perOwner: flag(number(z.number().int().min(1)).optional(), {
    help: "tasks of one user that may run at once, over all workers",
  }),
  allowPrivate: switchFlag({ help: "let tasks of the kind http call private networks" }),
  lease: flag(number(z.number().min(1).max(3_600)).default(10), {
    help: "seconds after which the tasks of a silent worker are taken up by another",
    placeholder: "SECONDS",
  }),
});
const instance = instanceName("worker", flags);
const problems = secretProblems([kvAccessToken, internalKey]);
if (problems.length > 0) refuseToStart(problems.join("\n"));
const key = internalKey();
const kv = await openKv(flags.store);
const worker = createWorker({
  store: withDeadline(kv),
  internalKey: key,
  instance,
  kinds: builtinKinds({ allowPrivate: flags.allowPrivate }),
  service: { origin: flags.service },
  auth: flags.auth === undefined ? undefined : { origin: flags.auth },
  concurrency: flags.concurrency,
  perOwner: flags.perOwner,
  lease: flags.lease * 1_000,
});
worker.start();
await serve(worker, flags, { instance });
await worker.stop();
kv.close();
