import { configureLogging, type Served, sleep, watchEventLoop } from "@flotilla/runtime";
import { getLogger } from "@logtape/logtape";
import type { Registry } from "prom-client";
import type { ConnectionSource, Listener } from "./listener.ts";

/** How {@linkcode serveListener} ends. */
export interface ServeListenerOptions {
  /** The name of this instance, for logs. */
  readonly instance: string;
  /** What turns unready when the process drains, and knows whether a prober has seen it. */
  readonly served: Pick<Served, "drain" | "lastProbed" | "drainSeen">;
  /** Where the lag of the event loop is measured meanwhile. */
  readonly registry: Registry;
  /** The flags that every process has. */
  readonly flags: {
    readonly drain: number;
    readonly supervised: boolean;
    readonly logLevel: "debug" | "info" | "warning" | "error";
  };
}

/** How long a draining process waits for the balancer in front to have seen it unready, at most; milliseconds. */
const PROBER_PATIENCE = 2_000;
/** A prober that asked within this time is taken to ask again; milliseconds. */
const PROBER_RECENT = 5_000;

/**
 * Serves with a byte-level listener until the process is told to stop, as `serve` of `@flotilla/runtime` does with
 * `Deno.serve`: on SIGTERM it turns unready, waits until whoever probes it has seen that, and lets what is in flight finish within
 * `flags.drain` seconds; on SIGINT, or at the end of standard input under supervision, without that wait.
 */
export async function serveListener(
  listener: Listener,
  source: ConnectionSource,
  options: ServeListenerOptions,
): Promise<void> {
  const { instance, served, registry, flags } = options;
  await configureLogging({ instance, level: flags.logLevel });
  const logger = getLogger(["flotilla", "serve"]);
  const serving = listener.serve(source);
  logger.info("{instance} listens on {hostname}:{port}", { instance, ...source.addr });
  using _lag = watchEventLoop(registry);
  const polite = await stopRequest(flags.supervised);
  served.drain();
  logger.info("{instance} drains, for at most {seconds} s", { instance, seconds: flags.drain });
  if (polite) await untilProberKnows(served);
  if (!(await drainWithin(listener, flags.drain * 1_000))) {
    logger.warn("{instance} cuts off what is still in flight", { instance });
    await listener.close();
  }
  await serving;
  logger.info("{instance} has stopped", { instance });
}

/** Resolves when the process is asked to stop: true when there is time for the prober to see it. */
async function stopRequest(supervised: boolean): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const onTerminate = () => resolve(true);
  const onInterrupt = () => supervised || resolve(false);
  Deno.addSignalListener("SIGTERM", onTerminate);
  Deno.addSignalListener("SIGINT", onInterrupt);
  if (supervised) void standardInputEnds().then(() => resolve(false));
  const polite = await promise;
  Deno.removeSignalListener("SIGTERM", onTerminate);
  Deno.removeSignalListener("SIGINT", onInterrupt);
  return polite;
}

async function standardInputEnds(): Promise<void> {
  const buffer = new Uint8Array(64);
  while (await Deno.stdin.read(buffer) !== null) { /* what it says does not matter */ }
}

async function untilProberKnows(served: ServeListenerOptions["served"]): Promise<void> {
  const end = Date.now() + PROBER_PATIENCE;
  if (Date.now() - (served.lastProbed ?? 0) > PROBER_RECENT) return;
  while (Date.now() < end && (served.drainSeen ?? 0) === 0) await sleep(20);
}

async function drainWithin(listener: Listener, milliseconds: number): Promise<boolean> {
  const over = new AbortController();
  const late = sleep(milliseconds, { signal: over.signal }).then(() => false, () => true);
  const drained = await Promise.race([listener.drain().then(() => true), late]);
  over.abort();
  return drained;
}
