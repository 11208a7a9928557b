/** Whether an answer is a stream of events, which has no end of its own. */
export function isEventStream({ headers }: Response): boolean {
  return headers.get("content-type")?.startsWith("text/event-stream") ?? false;
}

/** The same answer, which ends when the signal is aborted: whoever reads it comes back and finds another gateway. */
export function endingWith({ body, status, headers }: Response, signal: AbortSignal): Response {
  if (body === null) return new Response(null, { status, headers });
  const reader = body.getReader();
  let onAbort = () => {};
  const leave = (reason?: unknown) => {
    signal.removeEventListener("abort", onAbort);
    reader.cancel(reason).catch(() => {});
  };
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      onAbort = () => {
        leave();
        controller.close();
      };
      if (signal.aborted) onAbort();
      else signal.addEventListener("abort", onAbort);
    },
    async pull(controller) {
      const { done, value } = await reader.read();
      if (signal.aborted) return;
      if (!done) return controller.enqueue(value);
      signal.removeEventListener("abort", onAbort);
      controller.close();
    },
    cancel: leave,
  }, { highWaterMark: 0 });
  return new Response(stream, { status, headers });
}
