import {
  instanceName,
  openKv,
  readFlags,
  refuseToListen,
  refuseToStart,
  registerProcessMemory,
  secret,
  SecretError,
  serve,
  skipUnsampledRequests,
  TraceGate,
} from "@flotilla/runtime";
import { createAdmin } from "./admin.ts";
import { createBalancer } from "./balancer.ts";
import { serveBytes } from "./byte_process.ts";
import { ConnectionPool } from "./http1/connection_pool.ts";
import { Deadlines } from "./http1/deadlines.ts";
import { dial } from "./http1/sockets.ts";
import { tcpTransport } from "./http1/tcp_transport.ts";
import { TrunkDialer } from "./http1/trunk_dialer.ts";
import { followDns } from "./membership/dns.ts";
import { followKv } from "./membership/kv.ts";
import { createEndpoints, mainPort } from "./process.ts";
import { policyOptions } from "./policy_flags.ts";
import { balancerFlags, passesAllOn, repeatedName } from "./process_flags.ts";
import { createStrategy } from "./strategies.ts";
import { readTlsFiles } from "./tls_files.ts";

const flags = readFlags(
  { name: "deno task balancer", summary: "spreads HTTP requests over upstreams" },
  balancerFlags,
);
const { upstream, upstreamDns, upstreamKv, hashKey, adminPort, host: hostname } = flags;
const sources = [upstream.length > 0, upstreamDns !== undefined, upstreamKv !== undefined];
const given = sources.filter(Boolean).length;
if (given > 1 || (given === 0 && adminPort === undefined)) {
  refuseToStart("Give the upstreams by --upstream, or by --upstream-dns, or by --upstream-kv");
}
const twice = repeatedName(upstream);
if (twice !== undefined) {
  refuseToStart(`--upstream: two have the name ${twice}; give one another by ;id=NAME`);
}
if (flags.proxyProtocol && flags.listener !== "bytes") {
  refuseToStart("--proxy-protocol: only --listener bytes reads it");
}
const tls = await readTlsFiles(flags);
const instance = instanceName("balancer", flags);
const deadlines = new Deadlines();
using trunks = new TrunkDialer({ dial, deadlines });
const pool = new ConnectionPool({ dial: flags.upstreamTrunks ? trunks.dial : dial, deadlines });
await using balancer = createBalancer({
  upstreams: upstream,
  strategy: createStrategy(flags.strategy, hashKey === undefined ? {} : { hashKey }),
  ...policyOptions(flags),
  trustedProxies: flags.trustedProxy,
  accessLog: { sample: flags.accessLog },
  transport: tcpTransport({ pool }),
});
registerProcessMemory(balancer.registry);
await using opened = new AsyncDisposableStack();
const update = balancer.update.bind(balancer);
if (upstreamDns !== undefined) opened.use(followDns({ url: upstreamDns, update }));
if (upstreamKv !== undefined) {
  const kv = opened.use(await openKv(upstreamKv));
  opened.use(followKv({ kv, key: ["flotilla", "balancer", instance], update }));
}
const endpoints = createEndpoints(balancer, { instance });
if (adminPort !== undefined) opened.defer(openAdmin(adminPort));
if (flags.listener === "bytes") await serveBytes({ flags, balancer, pool, trunks, endpoints, instance, tls });
else {
  const traces = new TraceGate(flags.traceRate);
  await serve(mainPort({ balancer, endpoints, pure: passesAllOn(flags) }), flags, { instance, tls, traces });
}

/** Opens the admin API; gives how it is closed: at once, since whoever is slow to ask must not keep the process running. */
function openAdmin(port: number): () => void {
  const closing = new AbortController();
  try {
    const token = secret("FLOTILLA_ADMIN_TOKEN", { developmentDefault: "flotilla-development-admin-token" });
    const admin = createAdmin({ balancer, token });
    // Whoever looks at the process is no client.
    skipUnsampledRequests();
    Deno.serve(
      { port, hostname, signal: closing.signal, onListen: () => {} },
      (request) => endpoints.answer(request) ?? admin(request),
    );
    return () => closing.abort();
  } catch (error) {
    if (error instanceof SecretError) refuseToStart(error.message);
    refuseToListen(error, { hostname, port, flag: "--admin-port" });
  }
}
