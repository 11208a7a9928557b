import { type Clock, ProblemError } from "@flotilla/runtime";
import type { UpstreamName } from "./route.ts";

/** Sends a request to an inner role. It must heed the request's signal. */
export type Fetcher = (request: Request) => Promise<Response>;

/** How {@linkcode forward} calls. */
export interface ForwardOptions {
  readonly fetcher: Fetcher;
  /** Who is called, for the error. */
  readonly upstream: UpstreamName;
  /** Milliseconds until the head of the answer must be there. */
  readonly timeout: number;
  /** Aborted when the client leaves. */
  readonly client: AbortSignal;
  readonly clock: Clock;
}

/**
 * Calls an inner role and gives its answer as soon as the head of it is there. A client that leaves before that takes
 * the call with it; after that, cancelling the answer's body does.
 *
 * @throws {ProblemError} 504 when the head does not come in time, 502 when there is no answer to be had
 */
export async function forward(call: Request, options: ForwardOptions): Promise<Response> {
  const { fetcher, upstream, timeout, client, clock } = options;
  const controller = new AbortController();
  const late = new ProblemError(504, `The ${upstream} did not begin to answer within ${timeout / 1_000} s`);
  const onClientGone = () => controller.abort(client.reason);
  if (client.aborted) onClientGone();
  client.addEventListener("abort", onClientGone);
  using _timer = clock.setTimeout(() => controller.abort(late), timeout);
  try {
    return await fetcher(new Request(call, { signal: controller.signal }));
  } catch (cause) {
    if (controller.signal.reason === late) throw late;
    if (client.aborted) throw new ProblemError(499, "The client left before the answer began", { cause });
    throw new ProblemError(502, `The ${upstream} cannot be reached`, {
      headers: { "retry-after": "1" },
      cause,
    });
  } finally {
    client.removeEventListener("abort", onClientGone);
  }
}
