import { instanceName, readFlags, serve } from "@flotilla/runtime";
import { createBalancer } from "./balancer.ts";
import { createEndpoints, mainPort } from "./process.ts";
import { balancerFlags } from "./process_flags.ts";

const flags = readFlags(
  { name: "deno task balancer", summary: "spreads HTTP requests over upstreams" },
  balancerFlags,
);
const instance = instanceName("balancer", flags);
await using balancer = createBalancer({
  upstreams: flags.upstream,
  strategy: flags.strategy,
  health: {
    path: flags.healthPath,
    interval: flags.healthInterval,
    timeout: flags.healthTimeout,
    rise: flags.healthRise,
    fall: flags.healthFall,
  },
  trustedProxies: flags.trustedProxy,
});
const endpoints = createEndpoints(balancer, { instance });
await serve(mainPort(balancer, flags.adminPort === undefined ? endpoints : undefined), flags, { instance });
