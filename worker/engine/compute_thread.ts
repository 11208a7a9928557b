/// <reference lib="deno.worker" />

/** The other end of `Compute`: called once by a worker's module, answers each message with what `handle` gives. */
export function answer(handle: (message: unknown) => Promise<unknown>): void {
  addEventListener("message", async ({ data }) => {
    try {
      postMessage({ ok: true, value: await handle(data) });
    } catch (error) {
      postMessage({ ok: false, message: error instanceof Error ? error.message : String(error) });
    }
  });
}
