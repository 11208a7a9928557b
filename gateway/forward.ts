import { type Clock, ProblemError, type ServeInfo } from "@flotilla/runtime";
import type { UpstreamName } from "./route.ts";

/**
 * Sends a request to an inner role. It must heed the request's signal. It may tell the inner role the client's
 * address, which it is given as if the client were connected to it.
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

/** The call itself. */
export interface Call {
  readonly url: string;
  readonly method: string;
  readonly fields: [name: string, value: string][];
  readonly content: ReadableStream<Uint8Array<ArrayBuffer>> | Uint8Array<ArrayBuffer> | null;
}

/** Why a call was given up: its time is over. */
const LATE = Symbol("late");

/**
 * Calls an inner role and gives its answer as soon as the head of it is there. A client that leaves before that takes
 * the call with it; after that, cancelling the answer's body does.
 *
 * @throws {ProblemError} 504 when the head does not come in time, 502 when there is no answer to be had
 */
export async function forward(call: Call, options: ForwardOptions): Promise<Response> {
  const { fetcher, address, timeout, client, clock } = options;
  const { url, method, fields, content: body } = call;
  const headers = new Headers(fields);
  // A body whose length is told can be kept by the balancer and sent again when a role dies within the request.
  if (body instanceof Uint8Array) headers.set("content-length", String(body.byteLength));
  const controller = new AbortController();
  const onClientGone = () => controller.abort(client.reason);
  if (client.aborted) onClientGone();
  client.addEventListener("abort", onClientGone);
  using _timer = clock.setTimeout(() => controller.abort(LATE), timeout);
  try {
    const { signal } = controller;
    return await fetcher(
      new Request(url, { method, headers, body, signal, redirect: "manual" }),
      serveInfo(address),
    );
  } catch (cause) {
    throw failure(controller.signal, cause, options);
  } finally {
    client.removeEventListener("abort", onClientGone);
  }
}

function failure(
  signal: AbortSignal,
  cause: unknown,
  { upstream, timeout, client }: ForwardOptions,
): ProblemError {
  if (signal.reason === LATE) return failedCall("late", { upstream, timeout });
  if (client.aborted) return failedCall("gone", { upstream, timeout, cause });
  return new ProblemError(502, `The ${upstream} cannot be reached`, {
    headers: { "retry-after": "1" },
    cause,
  });
}

/** The failure of a call that was given up: its answer was late, or the client is gone. */
export function failedCall(
  reason: "late" | "gone",
  { upstream, timeout, cause }: { upstream: UpstreamName; timeout: number; cause?: unknown },
): ProblemError {
  if (reason === "gone") return new ProblemError(499, "The client left before the answer began", { cause });
  return new ProblemError(504, `The ${upstream} did not begin to answer within ${timeout / 1_000} s`);
}

function serveInfo(address: string | undefined): ServeInfo | undefined {
  if (address === undefined) return undefined;
  return { remoteAddr: { transport: "tcp", hostname: address, port: 0 } };
}
