import type { Registry } from "prom-client";
import { z } from "zod";
import { ArrivingBodies } from "./arriving_bodies.ts";
import { flag, type FlagValues, number, portSchema, switchFlag } from "./flags.ts";
import { refuseToListen } from "./program.ts";
import type { ServeInfo } from "./request_context.ts";
import { serveUntilStopped, type Serving } from "./serving.ts";
import type { TraceGate } from "./trace_gate.ts";
import { skipUnsampledRequests } from "./unsampled_requests.ts";

const LEVELS = ["debug", "info", "warning", "error"] as const;

/** The flags that every role's process has. */
export const serveFlags = {
  port: flag(portSchema, { help: "where to listen", placeholder: "PORT" }),
  host: flag(z.string().default("127.0.0.1"), { help: "address to bind to", placeholder: "ADDRESS" }),
  name: flag(z.string().regex(/^[\w.-]{1,64}$/, "must be a name").optional(), {
    help: "name of this instance, in x-served-by and logs",
  }),
  drain: flag(number(z.number().min(0).max(3_600)).default(10), {
    help: "seconds that requests in flight have to finish on SIGTERM",
    placeholder: "SECONDS",
  }),
  supervised: switchFlag({ help: "stop when standard input ends, ignore SIGINT" }),
  logLevel: flag(z.enum(LEVELS).default("info"), {
    help: `least severe level to log: ${LEVELS.join(", ")}`,
    env: "FLOTILLA_LOG_LEVEL",
    placeholder: "LEVEL",
  }),
};

/** What a process serves: a role, or another handler with the same way to end. */
export interface Served {
  fetch(request: Request, info?: ServeInfo): Response | Promise<Response>;
  drain(): void;
  readonly lastProbed?: number;
  readonly drainSeen?: number;
  /** Where the lag of the event loop is measured while it is served. @default it is not */
  readonly registry?: Registry;
}

/** The name an instance has when `--name` does not give one: `service_5003`. */
export function instanceName(role: string, flags: FlagValues<typeof serveFlags>): string {
  return flags.name ?? `${role}_${flags.port}`;
}

/** How {@linkcode serve} serves. */
export interface ServeOptions {
  /** The name of this instance, for logs. */
  readonly instance: string;
  /** Certificate chain and private key in PEM, to serve TLS, with HTTP/2 for clients that ask for it. @default none */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  /** Which requests begin a trace, where spans are recorded. @default none: a trace is continued only */
  readonly traces?: TraceGate;
}

/** What a program has to close what it opened after in-flight requests were cut off; milliseconds. */
const CLOSING_TIME = 500;

/**
 * Starts logging, listens, serves, and resolves when the process was told to stop and has drained, as
 * {@linkcode serveUntilStopped} says.
 */
export async function serve(
  served: Served,
  flags: FlagValues<typeof serveFlags>,
  options: ServeOptions,
): Promise<void> {
  const { registry } = served;
  const { instance, tls, traces } = options;
  skipUnsampledRequests(traces);
  const bodies = new ArrivingBodies();
  const begin = () => serving(listen(served, flags, { tls, bodies }), { tls, bodies });
  await serveUntilStopped(begin, { instance, served, registry, flags });
}

interface ListenOptions {
  readonly tls: ServeOptions["tls"];
  readonly bodies: ArrivingBodies;
}

function serving(server: Deno.HttpServer<Deno.NetAddr>, { tls, bodies }: ListenOptions): Serving {
  const protocol = tls === undefined ? "http" : "https";
  return {
    address: `${protocol}://${server.addr.hostname}:${server.addr.port}`,
    async drain() {
      await bodies.answered();
      await server.shutdown();
    },
    cutOff() {
      void server.shutdown();
      // Nothing can close connections that a shutdown waits for, and they would keep the process running for ever.
      setTimeout(() => Deno.exit(0), CLOSING_TIME);
      return Promise.resolve();
    },
  };
}

function listen(
  served: Served,
  flags: FlagValues<typeof serveFlags>,
  { tls, bodies }: ListenOptions,
): Deno.HttpServer<Deno.NetAddr> {
  const { port, host: hostname } = flags;
  const where = { port, hostname, onListen: () => {} };
  const handler = (request: Request, info: ServeInfo) => bodies.follow(request, served.fetch(request, info));
  try {
    return tls === undefined ? Deno.serve(where, handler) : Deno.serve({ ...where, ...tls }, handler);
  } catch (error) {
    refuseToListen(error, { hostname, port });
  }
}
