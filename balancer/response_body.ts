import type { Clock } from "@flotilla/runtime";
import { type AttemptFailure, failureOf } from "./failure.ts";
import type { Monotonic } from "./monotonic.ts";
import { Watchdog } from "./watchdog.ts";

/** How a body is passed on. */
export interface PassOnOptions {
  readonly clock: Clock;
  readonly now: Monotonic;
  /** Milliseconds that may pass between two pieces. */
  readonly idle: number;
  /** It was passed on whole. */
  onEnd(): void;
  /** It broke off: by the upstream, by the client, or by being idle. Called instead of `onEnd`. */
  onFailure(failure: AttemptFailure): void;
}

/**
 * Passes an answer's body on piece by piece as the client takes it, and tells how that ended. A client that takes nothing for as long
 * as the idle time-out is gone; an upstream that gives nothing for as long has failed.
 */
export function passOn(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  options: PassOnOptions,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const { onEnd, onFailure } = options;
  const reader = body.getReader();
  let awaited = false;
  let over = false;
  const idle = new Watchdog(options.idle, { ...options, bark });
  let target: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;

  function finish(failure?: AttemptFailure): boolean {
    if (over) return false;
    over = true;
    idle.stop();
    if (failure === undefined) onEnd();
    else onFailure(failure);
    return true;
  }

  function bark(): void {
    const cause = new DOMException("No data within the idle time-out", "TimeoutError");
    if (!finish({ kind: awaited ? "idle_timeout" : "client_gone", cause })) return;
    reader.cancel(cause).catch(() => {});
    target.error(cause);
  }

  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      target = controller;
    },
    async pull(controller) {
      awaited = true;
      idle.touch();
      try {
        const { done, value } = await reader.read();
        awaited = false;
        idle.touch();
        if (!done) return controller.enqueue(value);
        if (finish()) controller.close();
      } catch (cause) {
        const failure = failureOf(cause);
        const ended = finish(failure.kind === "reset" ? { kind: "truncated", cause } : failure);
        if (ended) controller.error(cause);
      }
    },
    cancel(reason) {
      finish({ kind: "client_gone", cause: reason });
      return reader.cancel(reason).catch(() => {});
    },
  }, { highWaterMark: 0 });
}
