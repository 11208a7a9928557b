/** Somebody who has the dashboard open: a stream of its events that is read as it comes. */
export async function openDashboard(
  { origin, token }: { origin: string; token: string },
): Promise<AsyncDisposable & { readonly looks: number }> {
  const stop = new AbortController();
  const response = await fetch(`${origin}/dashboard/events`, {
    headers: { cookie: `flotilla_access=${token}` },
    signal: stop.signal,
  });
  if (!response.ok || response.body === null) {
    throw new Error(`Cannot open the dashboard: it answered ${response.status}`);
  }
  let looks = 0;
  const read = response.body.pipeThrough(new TextDecoderStream()).pipeTo(
    new WritableStream({ write: (text) => void (looks += text.split("event: look").length - 1) }),
  ).catch(() => {});
  return {
    get looks() {
      return looks;
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await read;
    },
  };
}
