import type { Upstream } from "../upstream.ts";
import type { Connection } from "./connection.ts";
import type { ConnectionSource } from "./acceptor.ts";

/** Where {@linkcode listen} listens. */
export interface ListenOptions {
  /** @default "127.0.0.1" */
  hostname?: string;
  /** 0 for any free one. */
  port: number;
  /** Certificate chain and private key in PEM, to listen with TLS. @default none */
  tls?: { readonly cert: string; readonly key: string };
  /** Lets several processes listen on one port; the kernel shares connections out among them. @default false */
  reusePort?: boolean;
  /** Connections that may wait to be accepted. @default 4_096 */
  backlog?: number;
}

/**
 * Listens on TCP, or TLS. Small messages are sent at once (`TCP_NODELAY`): a proxy writes whole ones. Deno has no way to ask
 * that of a TLS listener, so that there the first small answer on a new connection waits for the client's acknowledgement
 * of the handshake, which some hold back for 40 ms.
 */
export function listen(options: ListenOptions): ConnectionSource {
  const { hostname = "127.0.0.1", port, tls, reusePort = false, backlog = 4_096 } = options;
  if (tls !== undefined) {
    // HTTP/2 is not offered: this listener speaks HTTP/1.1 only.
    return Deno.listenTls({
      hostname,
      port,
      reusePort,
      cert: tls.cert,
      key: tls.key,
      alpnProtocols: ["http/1.1"],
    });
  }
  const listener = Deno.listen({ hostname, port, reusePort, tcpBacklog: backlog });
  return {
    addr: listener.addr,
    close: () => listener.close(),
    accept: async () => {
      const connection = await listener.accept();
      connection.setNoDelay(true);
      return connection;
    },
  };
}

/** Connects to an upstream over TCP, or TLS when its origin says so. */
export async function dial(upstream: Upstream): Promise<Connection> {
  const { hostname, port, secure } = upstream;
  const connection = await Deno.connect({ hostname, port });
  connection.setNoDelay(true);
  return secure ? await shakeHands(connection, hostname) : connection;
}

/** Goes over to TLS. What fails here has failed before anything was sent, so that a request may go elsewhere. */
async function shakeHands(connection: Deno.TcpConn, hostname: string): Promise<Connection> {
  const secured = await Deno.startTls(connection, { hostname, alpnProtocols: ["http/1.1"] });
  try {
    await secured.handshake();
    return secured;
  } catch (error) {
    secured.close();
    throw error;
  }
}
