import { type FlagValues, isTracing, refuseToListen, TraceGate } from "@flotilla/runtime";
import { createAccessLog } from "./access_log.ts";
import type { Balancer } from "./balancer.ts";
import type { ConnectionPool } from "./http1/connection_pool.ts";
import type { ConnectionSource } from "./http1/acceptor.ts";
import { Listener } from "./http1/listener.ts";
import { registerListenerMetrics } from "./http1/listener_metrics.ts";
import { serveListener } from "./http1/serve_listener.ts";
import { listen } from "./http1/sockets.ts";
import type { TrunkDialer } from "./http1/trunk_dialer.ts";
import type { Endpoints } from "./process.ts";
import { type balancerFlags, passesAllOn } from "./process_flags.ts";
import type { TlsFiles } from "./tls_files.ts";

/** What {@linkcode serveBytes} serves. */
export interface ServeBytesOptions {
  readonly flags: FlagValues<typeof balancerFlags>;
  readonly balancer: Balancer;
  /** The connections that the balancer's transport uses: it is told of upstreams that leave. */
  readonly pool: ConnectionPool;
  /** What opens them, where they are carried together. */
  readonly trunks: TrunkDialer;
  readonly endpoints: Endpoints;
  readonly instance: string;
  /** @default none */
  readonly tls: TlsFiles | undefined;
}

/** Listens with the byte-level listener until the process is told to stop. */
export async function serveBytes(options: ServeBytesOptions): Promise<void> {
  const { flags, balancer, pool, trunks, endpoints, instance, tls } = options;
  const source = openSocket(options);
  const listener = new Listener({
    source: balancer.source,
    pool,
    protocol: tls === undefined ? "http" : "https",
    trustedProxies: flags.trustedProxy,
    proxyProtocol: flags.proxyProtocol,
    maxConnections: flags.maxClients,
    acceptTrunks: flags.acceptTrunks,
    ...(isTracing() ? { traces: new TraceGate(flags.traceRate) } : {}),
    accessLog: createAccessLog({ sample: flags.accessLog }),
    ...(passesAllOn(flags) ? {} : { endpoints: ownEndpoints(endpoints) }),
  });
  registerListenerMetrics(balancer.registry, {
    stats: listener.stats,
    pool,
    trunks: { clients: () => listener.trunks, upstreams: () => trunks.size },
  });
  await serveListener(listener, source, { instance, served: endpoints, registry: balancer.registry, flags });
}

function ownEndpoints(endpoints: Endpoints) {
  return {
    paths: ["/healthz", "/readyz", "/metrics"],
    answer: (request: Request) => endpoints.answer(request),
  };
}

function openSocket({ flags, tls }: ServeBytesOptions): ConnectionSource {
  const { host: hostname, port } = flags;
  try {
    return listen({ hostname, port, ...(tls === undefined ? {} : { tls }) });
  } catch (error) {
    refuseToListen(error, { hostname, port });
  }
}
