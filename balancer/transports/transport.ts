import type { Timeouts } from "../timeouts.ts";
import type { Upstream } from "../upstream.ts";

/** A request as a transport sends it: hop-by-hop fields are gone, forwarding fields are set. */
export interface UpstreamRequest {
  readonly method: string;
  /** Path and query, beginning with a slash. */
  readonly target: string;
  /** With `host` as the client sent it. */
  readonly headers: Headers;
  /** Given anew for each attempt; `null` for none. */
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>> | null;
}

/** Where a request goes, and for how long. */
export interface SendOptions {
  readonly upstream: Upstream;
  /** Aborted when nobody waits for the answer any longer; its reason may be an `AttemptError`. */
  readonly signal: AbortSignal;
  /** Of these a transport sees to `connect`; the others are kept by who calls it. */
  readonly timeouts: Timeouts;
}

/** Brings a request to an upstream and the answer back. */
export interface Transport {
  readonly name: string;
  /**
   * Resolves with the final answer as soon as its head is there. Redirects are not followed, and the body's
   * coding is left as it came.
   *
   * @throws {AttemptError} which tells what is proven about how far the request got. The body of the answer fails in
   * the same way.
   */
  send(request: UpstreamRequest, options: SendOptions): Promise<Response>;
  /** This upstream is no member any more and nothing is in flight to it: its connections can be closed. */
  forget?(upstream: Upstream): void;
  /** Closes all connections. Closing twice is safe. */
  close(): void;
}
