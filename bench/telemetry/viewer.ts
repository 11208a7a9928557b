/** Somebody who has the dashboard open: a stream of its events that is read as it comes. */
export async function openDashboard(
  { origin, token }: { origin: string; token: string },
): Promise<AsyncDisposable & { readonly looks: number }> {
  const response = await fetch(`${origin}/dashboard/events`, {
    headers: { cookie: `flotilla_access=${token}` },
  });
  if (!response.ok || response.body === null) {
    throw new Error(`Cannot open the dashboard: it answered ${response.status}`);
  }
  // To leave, the reader cancels: Deno 2.9.6 leaves a stream that is piped on pending for minutes when its fetch is aborted.
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let looks = 0;
  const follow = async () => {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      looks += decoder.decode(chunk.value).split("event: look").length - 1;
    }
  };
  const followed = follow();
  return {
    get looks() {
      return looks;
    },
    async [Symbol.asyncDispose]() {
      await reader.cancel();
      await followed;
    },
  };
}
