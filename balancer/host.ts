/**
 * Serves a role with the listener that works on octets, instead of `Deno.serve`: for one that others call through a balancer of ours,
 * which then carries its connections over one (`--accept-trunks`), and that answers most requests past the Fetch standard.
 *
 * @module
 */
import {
  type FlagValues,
  isTracing,
  refuseToListen,
  type Served,
  type serveFlags,
  TraceGate,
} from "@flotilla/runtime";
import type { AttemptSource } from "./attempt.ts";
import { ConnectionPool } from "./http1/connection_pool.ts";
import type { Door } from "./http1/door.ts";
import type { ConnectionSource } from "./http1/acceptor.ts";
import { Listener } from "./http1/listener.ts";
import { serveListener } from "./http1/serve_listener.ts";
import { listen } from "./http1/sockets.ts";
import { readTimeouts } from "./timeouts.ts";

export { dateLine } from "./http1/date_line.ts";
export type { Door, Knock, OctetAnswer, Reply } from "./http1/door.ts";
export { HeadFields } from "./http1/head_fields.ts";
export { KnockContext } from "./http1/knock_context.ts";
export { KnownOctets } from "./http1/known_octets.ts";
export { fromLatin1, latin1 } from "./http1/octets.ts";
export type { RequestHead } from "./http1/request_head.ts";
export type { Wire } from "./http1/wire.ts";
export { trunkFlags } from "./process_flags.ts";

/** How {@linkcode host} serves. */
export interface HostOptions {
  /** What is replied to with octets. @default nothing: all is answered by the role's `fetch` */
  readonly open?: Door["open"];
  /** Whether a caller may carry many connections over one. @default false */
  readonly acceptTrunks?: boolean;
}

/** Serves a role until the process is told to stop and has drained, as `serve` of `@flotilla/runtime` does. */
export async function host(
  role: Served,
  flags: FlagValues<typeof serveFlags>,
  options: HostOptions & { instance: string },
): Promise<void> {
  const { registry } = role;
  const { instance } = options;
  await serveListener(hostListener(role, options), openPort(flags), {
    instance,
    served: role,
    registry,
    flags,
  });
}

/** A listener whose requests a role answers. */
export function hostListener(role: Pick<Served, "fetch">, options: HostOptions = {}): Listener {
  const { open = () => undefined, acceptTrunks = false } = options;
  return new Listener({
    source: NOWHERE,
    pool: new ConnectionPool({ dial: () => Promise.reject(new Error("There is nothing to dial")) }),
    door: { open, answer: (request, info) => role.fetch(request, info) },
    acceptTrunks,
    // Traces are continued whoever calls, as Deno.serve does, and none is begun.
    ...(isTracing() ? { traces: new TraceGate(0), trustedProxies: ["0.0.0.0/0", "::/0"] } : {}),
  });
}

/** Nothing is passed on: the door answers all. */
const NOWHERE: AttemptSource = {
  timeouts: readTimeouts(),
  exchange() {
    throw new Error("Cannot pass a request on: it is answered here");
  },
};

function openPort({ host: hostname, port }: FlagValues<typeof serveFlags>): ConnectionSource {
  try {
    return listen({ hostname, port });
  } catch (error) {
    refuseToListen(error, { hostname, port });
  }
}
