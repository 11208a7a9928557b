import { getLogger } from "@logtape/logtape";
import type { Registry } from "prom-client";
import { type Clock, sleep, systemClock } from "./clock.ts";
import { watchEventLoop } from "./event_loop_lag.ts";
import { configureLogging } from "./log.ts";
import type { Served } from "./serve.ts";

/** What listens and serves. */
export interface Serving {
  /** Where it listens, for the log. */
  readonly address: string;
  /** Accepts nothing more, and settles when everything in flight was answered. */
  drain(): Promise<void>;
  /** Cuts off what is still in flight. */
  cutOff(): Promise<void>;
}

/** How {@linkcode serveUntilStopped} ends. */
export interface ServeUntilStoppedOptions {
  /** The name of this instance, for logs. */
  readonly instance: string;
  /** What turns unready when the process drains, and knows whether a prober has seen it. */
  readonly served: Pick<Served, "drain" | "lastProbed" | "drainSeen">;
  /** Where the lag of the event loop is measured meanwhile. @default it is not */
  readonly registry?: Registry | undefined;
  /** The flags that every process has. */
  readonly flags: {
    readonly drain: number;
    readonly supervised: boolean;
    readonly logLevel: "debug" | "info" | "warning" | "error";
  };
}

/** How long a draining role waits for the balancer in front to have seen it unready, at most; milliseconds. */
const PROBER_PATIENCE = 2_000;
/** A prober that asked within this time is taken to ask again; milliseconds. */
const PROBER_RECENT = 5_000;

/**
 * Starts logging, begins to serve, and resolves when the process was told to stop and has drained.
 *
 * On SIGTERM it turns unready, waits until the balancer that probes it has seen that, and then lets what is in flight finish
 * within `flags.drain` seconds. SIGINT, or the end of standard input under supervision (the supervisor stops it or is gone),
 * does the same without waiting for the prober.
 */
export async function serveUntilStopped(
  begin: () => Serving,
  options: ServeUntilStoppedOptions,
): Promise<void> {
  const { instance, served, registry, flags } = options;
  await configureLogging({ instance, level: flags.logLevel });
  const logger = getLogger(["flotilla", "serve"]);
  // Before it is told that it listens: whoever reads that may say at once that it is to stop.
  using stop = stopRequest(flags.supervised);
  const serving = begin();
  logger.info("{instance} listens on {address}", { instance, address: serving.address });
  using _lag = registry === undefined ? undefined : watchEventLoop(registry);
  const polite = await stop.requested;
  served.drain();
  logger.info("{instance} drains, for at most {seconds} s", { instance, seconds: flags.drain });
  if (polite) await untilProberKnows(served, systemClock);
  if (!(await drainsWithin(serving, flags.drain * 1_000))) {
    await serving.cutOff();
    logger.warn("{instance} cut off what was still in flight", { instance });
  }
  logger.info("{instance} has stopped", { instance });
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

async function untilProberKnows(served: ServeUntilStoppedOptions["served"], clock: Clock): Promise<void> {
  const end = clock.now() + PROBER_PATIENCE;
  if (end - PROBER_PATIENCE - (served.lastProbed ?? 0) > PROBER_RECENT) return;
  while (clock.now() < end && (served.drainSeen ?? 0) === 0) await sleep(20, { clock });
}

async function drainsWithin(serving: Serving, milliseconds: number): Promise<boolean> {
  const over = new AbortController();
  const late = sleep(milliseconds, { signal: over.signal }).then(() => false, () => true);
  const drained = await Promise.race([serving.drain().then(() => true), late]);
  over.abort();
  return drained;
}
