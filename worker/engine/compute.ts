import { z } from "zod";

const replySchema = z.discriminatedUnion("ok", [
  z.object({ ok: z.literal(true), value: z.unknown() }),
  z.object({ ok: z.literal(false), message: z.string() }),
]);

/**
 * A Web Worker that is asked one thing after another: for work that would keep this thread from answering, and from
 * renewing its leases. It is ended at once when the signal is aborted, in the middle of its work, which nothing else can
 * do to code that does not look up.
 *
 * Deno counts the worker's source as a file that is read: the process needs permission to read it.
 */
export class Compute implements Disposable {
  readonly #worker: Worker;
  readonly #signal: AbortSignal;
  readonly #abort: () => void;
  #waiting: PromiseWithResolvers<unknown> | undefined;

  /** @param module the worker's source, which calls `answer` of `compute_thread.ts` */
  constructor(module: URL, options: { signal: AbortSignal }) {
    this.#signal = options.signal;
    this.#worker = new Worker(module, { type: "module" });
    this.#worker.onmessage = ({ data }) => this.#settle(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#waiting?.reject(new Error(`The computation failed: ${event.message}`));
    };
    this.#abort = () => {
      this.#worker.terminate();
      this.#waiting?.reject(this.#signal.reason);
    };
    this.#signal.addEventListener("abort", this.#abort, { once: true });
  }

  /** Asks, and waits for the answer. What is in `transfer` belongs to the worker from then on. */
  async ask(message: unknown, transfer: Transferable[] = []): Promise<unknown> {
    this.#signal.throwIfAborted();
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting = waiting;
    this.#worker.postMessage(message, transfer);
    return await waiting.promise;
  }

  [Symbol.dispose](): void {
    this.#signal.removeEventListener("abort", this.#abort);
    this.#worker.terminate();
  }

  #settle(data: unknown): void {
    const reply = replySchema.parse(data);
    if (reply.ok) this.#waiting?.resolve(reply.value);
    else this.#waiting?.reject(new Error(reply.message));
  }
}
