import type { Clock } from "@flotilla/runtime";
import { AttemptError, type AttemptFailure, failureOf } from "./failure.ts";
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
 * An answer's body on its way to the client, piece by piece as the client takes it. A client that takes
 * nothing for as long as the idle time-out is gone; an upstream that gives nothing for as long has failed.
 */
export class PassedBody {
  /** For the client. */
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;
  readonly #options: PassOnOptions;
  readonly #idle: Watchdog;
  #target: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined;
  #awaited = false;
  #over = false;

  constructor(body: ReadableStream<Uint8Array<ArrayBuffer>>, options: PassOnOptions) {
    this.#reader = body.getReader();
    this.#options = options;
    this.#idle = new Watchdog(options.idle, {
      ...options,
      bark: () => this.breakOff({ kind: this.#awaited ? "idle_timeout" : "client_gone" }),
    });
    this.stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => void (this.#target = controller),
      pull: (controller) => this.#pull(controller),
      cancel: (reason) => {
        this.#finish({ kind: "client_gone", cause: reason });
        return this.#reader.cancel(reason).catch(() => {});
      },
    }, { highWaterMark: 0 });
  }

  /** Ends it before its end, for both sides. */
  breakOff(failure: AttemptFailure): void {
    if (!this.#finish(failure)) return;
    const error = new AttemptError(failure);
    this.#reader.cancel(error).catch(() => {});
    this.#target?.error(error);
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>): Promise<void> {
    this.#awaited = true;
    this.#idle.touch();
    try {
      const { done, value } = await this.#reader.read();
      this.#awaited = false;
      this.#idle.touch();
      if (this.#over) return;
      if (!done) return controller.enqueue(value);
      this.#finish();
      controller.close();
    } catch (cause) {
      const failure = failureOf(cause);
      if (this.#finish(failure.kind === "reset" ? { kind: "truncated", cause } : failure)) {
        controller.error(cause);
      }
    }
  }

  /** False when it was over already. */
  #finish(failure?: AttemptFailure): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#idle.stop();
    if (failure === undefined) this.#options.onEnd();
    else this.#options.onFailure(failure);
    return true;
  }
}
