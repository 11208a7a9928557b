import { type Clock, systemClock } from "@flotilla/runtime";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * One Ctrl-C reaches a program many times when wrappers (`npx`, `deno task`) pass on what the terminal has already sent
 * to everyone: signals within this time of the first are that same one. Milliseconds.
 */
const SAME_SIGNAL = 500;

/** How {@linkcode stopSignals} listens. */
export interface StopSignalOptions {
  /** Whether the end of standard input stops as well. @default false */
  supervised?: boolean;
  /** @default {@linkcode systemClock} */
  clock?: Clock;
}

/** Someone wants the program to stop, and then loses patience. */
export interface StopSignals extends Disposable {
  /** Asked to stop. */
  readonly asked: Promise<void>;
  /** Asked again. */
  readonly insisted: Promise<void>;
}

/** Listens for what stops a program: Ctrl-C, SIGTERM, or that its terminal was closed. */
export function stopSignals(options: StopSignalOptions = {}): StopSignals {
  const { supervised = false, clock = systemClock } = options;
  const counter = createStopCounter(clock);
  for (const signal of SIGNALS) Deno.addSignalListener(signal, counter.count);
  if (supervised) void standardInputEnds().then(counter.count);
  return {
    asked: counter.asked,
    insisted: counter.insisted,
    [Symbol.dispose]() {
      for (const signal of SIGNALS) Deno.removeSignalListener(signal, counter.count);
    },
  };
}

/** Counts signals, taking those that come together for one. */
export function createStopCounter(
  clock: Clock,
): Pick<StopSignals, "asked" | "insisted"> & { count: () => void } {
  const asked = Promise.withResolvers<void>();
  const insisted = Promise.withResolvers<void>();
  let first: number | undefined;
  const count = () => {
    asked.resolve();
    first ??= clock.now();
    if (clock.now() - first > SAME_SIGNAL) insisted.resolve();
  };
  return { asked: asked.promise, insisted: insisted.promise, count };
}

async function standardInputEnds(): Promise<void> {
  const buffer = new Uint8Array(64);
  while (await Deno.stdin.read(buffer) !== null) { /* what it says does not matter */ }
}
