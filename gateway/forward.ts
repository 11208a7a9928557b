import { type Clock, ProblemError, type ServeInfo } from "@flotilla/runtime";
import type { UpstreamName } from "./route.ts";

/**
 * Sends a request to an inner role. It must heed the request's signal. It may tell the inner role the client's address, which it
 * is given as if the client were connected to it.
 */
export type Fetcher = (request: Request, info?: ServeInfo) => Response | Promise<Response>;

/** How {@linkcode forward} calls. */
export interface ForwardOptions {
  readonly fetcher: Fetcher;
  /** Who is called, for the error. */
  readonly upstream: UpstreamName;
  /** The client's address, if it is known. */
  readonly address: string | undefined;
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
  const { fetcher, upstream, address, timeout, client, clock } = options;
  const controller = new AbortController();
  const late = new ProblemError(504, `The ${upstream} did not begin to answer within ${timeout / 1_000} s`);
  const onClientGone = () => controller.abort(client.reason);
  if (client.aborted) onClientGone();
  client.addEventListener("abort", onClientGone);
  using _timer = clock.setTimeout(() => controller.abort(late), timeout);
  try {
    return await fetcher(new Request(call, { signal: controller.signal }), serveInfo(address));
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

function serveInfo(address: string | undefined): ServeInfo | undefined {
  if (address === undefined) return undefined;
  return { remoteAddr: { transport: "tcp", hostname: address, port: 0 } };
}
