import { type FlagValues, isTracing, refuseToStart } from "@flotilla/runtime";
import { createAccessLog } from "./access_log.ts";
import type { Balancer } from "./balancer.ts";
import type { ConnectionPool } from "./http1/connection_pool.ts";
import { type ConnectionSource, Listener } from "./http1/listener.ts";
import { registerListenerMetrics } from "./http1/listener_metrics.ts";
import { serveListener } from "./http1/serve_listener.ts";
import { listen } from "./http1/sockets.ts";
import type { Endpoints } from "./process.ts";
import { type balancerFlags, passesAllOn } from "./process_flags.ts";

/** What {@linkcode serveBytes} serves. */
export interface ServeBytesOptions {
  readonly flags: FlagValues<typeof balancerFlags>;
  readonly balancer: Balancer;
  /** The connections that the balancer's transport uses: it is told of upstreams that leave. */
  readonly pool: ConnectionPool;
  readonly endpoints: Endpoints;
  readonly instance: string;
}

/** Listens with the byte-level listener until the process is told to stop. */
export async function serveBytes(options: ServeBytesOptions): Promise<void> {
  const { flags, balancer, pool, endpoints, instance } = options;
  const source = await openSocket(flags);
  const listener = new Listener({
    source: balancer.source,
    pool,
    protocol: flags.tlsCert === undefined ? "http" : "https",
    trustedProxies: flags.trustedProxy,
    proxyProtocol: flags.proxyProtocol,
    maxConnections: flags.maxClients,
    tracing: isTracing(),
    accessLog: createAccessLog({ sample: flags.accessLog }),
    ...(passesAllOn(flags) ? {} : { endpoints: ownEndpoints(endpoints) }),
  });
  registerListenerMetrics(balancer.registry, { stats: listener.stats, pool });
  await serveListener(listener, source, { instance, served: endpoints, registry: balancer.registry, flags });
}

function ownEndpoints(endpoints: Endpoints) {
  return {
    paths: ["/healthz", "/readyz", "/metrics"],
    answer: (request: Request) => endpoints.answer(request),
  };
}

async function openSocket(flags: FlagValues<typeof balancerFlags>): Promise<ConnectionSource> {
  const { host: hostname, port, tlsCert, tlsKey } = flags;
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    refuseToStart("Give --tls-cert and --tls-key together, or neither");
  }
  try {
    if (tlsCert === undefined || tlsKey === undefined) return listen({ hostname, port });
    const [cert, key] = await Promise.all([Deno.readTextFile(tlsCert), Deno.readTextFile(tlsKey)]);
    return listen({ hostname, port, tls: { cert, key } });
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) {
      refuseToStart(`--port: ${hostname}:${port} is taken by another process`);
    }
    if (error instanceof Deno.errors.NotFound) refuseToStart(`--tls-cert, --tls-key: ${error.message}`);
    throw error;
  }
}
