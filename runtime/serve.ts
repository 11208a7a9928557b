import { getLogger } from "@logtape/logtape";
import type { Registry } from "prom-client";
import { z } from "zod";
import { type Clock, sleep, systemClock } from "./clock.ts";
import { watchEventLoop } from "./event_loop_lag.ts";
import { flag, type FlagValues, number, portSchema, switchFlag } from "./flags.ts";
import { configureLogging } from "./log.ts";
import { refuseToStart } from "./program.ts";
import type { ServeInfo } from "./request_context.ts";

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

/** How long a draining role waits for the balancer in front to have seen it unready, at most; milliseconds. */
const PROBER_PATIENCE = 2_000;
/** A prober that asked within this time is taken to ask again; milliseconds. */
const PROBER_RECENT = 5_000;

/** What a program has to close what it opened after in-flight requests were cut off; milliseconds. */
const CLOSING_TIME = 500;

/**
 * Starts logging, listens, serves, and resolves when the process was told to stop and has drained.
 *
 * On SIGTERM the role turns unready, waits until the balancer that probes it has seen that, and then lets what is in
 * flight finish within `--drain` seconds. SIGINT, or the end of standard input under `--supervised` (the supervisor
 * stops it or is gone), does the same without waiting for the prober.
 */
export async function serve(
  served: Served,
  flags: FlagValues<typeof serveFlags>,
  options: { instance: string },
): Promise<void> {
  const { instance } = options;
  await configureLogging({ instance, level: flags.logLevel });
  const logger = getLogger(["flotilla", "serve"]);
  const server = listen(served, flags);
  logger.info("{instance} listens on http://{hostname}:{port}", { instance, ...server.addr });
  using _lag = served.registry === undefined ? undefined : watchEventLoop(served.registry);
  using stop = stopRequest(flags.supervised);
  const polite = await stop.requested;
  served.drain();
  logger.info("{instance} drains, for at most {seconds} s", { instance, seconds: flags.drain });
  if (polite) await untilProberKnows(served, systemClock);
  if (!await finishInFlight(server, flags.drain * 1_000)) {
    // Nothing can close connections that a shutdown waits for, and they would keep the process running for ever.
    setTimeout(() => Deno.exit(0), CLOSING_TIME);
    logger.warn("{instance} cut off what was still in flight", { instance });
  }
  logger.info("{instance} has stopped", { instance });
}

function listen(
  served: Served,
  flags: FlagValues<typeof serveFlags>,
): Deno.HttpServer<Deno.NetAddr> {
  const { port, host: hostname } = flags;
  try {
    return Deno.serve(
      { port, hostname, onListen: () => {} },
      (request, info) => served.fetch(request, info),
    );
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    refuseToStart(`--port: ${hostname}:${port} is taken by another process`);
  }
}

interface StopRequest extends Disposable {
  /** Resolves when asked to stop: true when there is time for the prober to see it. */
  readonly requested: Promise<boolean>;
}

function stopRequest(supervised: boolean): StopRequest {
  const { promise: requested, resolve } = Promise.withResolvers<boolean>();
  const onTerminate = () => resolve(true);
  const onInterrupt = () => supervised || resolve(false);
  Deno.addSignalListener("SIGTERM", onTerminate);
  Deno.addSignalListener("SIGINT", onInterrupt);
  if (supervised) void standardInputEnds().then(() => resolve(false));
  return {
    requested,
    [Symbol.dispose]() {
      Deno.removeSignalListener("SIGTERM", onTerminate);
      Deno.removeSignalListener("SIGINT", onInterrupt);
    },
  };
}

async function standardInputEnds(): Promise<void> {
  const buffer = new Uint8Array(64);
  while (await Deno.stdin.read(buffer) !== null) { /* what it says does not matter */ }
}

async function untilProberKnows(served: Served, clock: Clock): Promise<void> {
  const end = clock.now() + PROBER_PATIENCE;
  if (end - PROBER_PATIENCE - (served.lastProbed ?? 0) > PROBER_RECENT) return;
  while (clock.now() < end && (served.drainSeen ?? 0) === 0) await sleep(20, { clock });
}

async function finishInFlight(server: Deno.HttpServer<Deno.NetAddr>, ms: number): Promise<boolean> {
  const controller = new AbortController();
  const cutOff = sleep(ms, { signal: controller.signal }).then(() => false, () => true);
  const drained = await Promise.race([server.shutdown().then(() => true), cutOff]);
  controller.abort();
  return drained;
}
