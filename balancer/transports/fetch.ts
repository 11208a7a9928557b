import { AttemptError, type AttemptFailure } from "../failure.ts";
import { lacksSocket } from "../no_socket.ts";
import type { SendOptions, Transport, UpstreamRequest } from "./transport.ts";

/** How {@linkcode fetchTransport} sends. */
export interface FetchTransportOptions {
  /** Replaces the runtime's own `fetch`, for example in a test. @default fetch */
  fetch?: (url: string, init: RequestInit & { client?: Deno.HttpClient }) => Promise<Response>;
  /**
   * Idle connections kept to each upstream. As many as there are requests at once, or some will have to be
   * opened anew.
   *
   * @default 1_024
   */
  maxIdle?: number;
  /** Milliseconds an idle connection is kept: less than servers usually keep theirs. @default 4_000 */
  idleTimeout?: number;
}

/**
 * Sends with the runtime's `fetch`, and so runs wherever there is one.
 *
 * What `fetch` does by itself and a proxy must not do is kept from it:
 *
 * - It decodes `gzip` and `br` and leaves `content-encoding` and `content-length` as they came, which then lie.
 *   Deno leaves a body alone only when `accept-encoding` is `identity`, or when a `range` is asked for. So that
 *   is what upstreams are told: they answer without coding, or with one of their own choice, which is passed on
 *   untouched.
 * - It sends a request once more by itself when a kept connection turns out closed, a `POST` too if its body is
 *   at hand. A request that is not idempotent is given a stream as its body, which it cannot repeat, and travels
 *   chunked therefore.
 * - It follows redirects unless told otherwise.
 *
 * Its limits: no connect time-out of its own (the first-byte time-out covers both), no trailers, no upgrades, no
 * body on `GET`, and it refuses the ports that browsers refuse (6000, 6665 to 6669, 10080 …).
 */
export function fetchTransport(options: FetchTransportOptions = {}): Transport {
  const { maxIdle = 1_024, idleTimeout = 4_000 } = options;
  const send = options.fetch ?? fetch;
  let client = options.fetch === undefined ? createClient(maxIdle, idleTimeout) : undefined;
  return {
    name: "fetch",
    async send(request, { upstream, signal }: SendOptions) {
      try {
        return accepted(
          await send(upstream.origin + request.target, {
            method: request.method,
            headers: withoutDecoding(request.headers),
            body: bodyOf(request),
            redirect: "manual",
            signal,
            ...(client === undefined ? {} : { client }),
          }),
        );
      } catch (thrown) {
        if (thrown instanceof AttemptError) throw thrown;
        if (signal.aborted && signal.reason instanceof AttemptError) throw signal.reason;
        throw new AttemptError(classify(thrown));
      }
    },
    close() {
      client?.close();
      client = undefined;
    },
  };
}

function createClient(maxIdle: number, idleTimeout: number): Deno.HttpClient | undefined {
  if (typeof Deno === "undefined") return undefined;
  return Deno.createHttpClient({
    allowHost: true,
    http2: false,
    poolMaxIdlePerHost: maxIdle,
    poolIdleTimeout: idleTimeout,
  });
}

/** Refuses a status that no final answer may have (RFC 9110, section 15). */
function accepted(response: Response): Response {
  if (response.status >= 200 && response.status <= 599) return response;
  throw new AttemptError({ kind: "protocol_error", cause: new Error(`Invalid status: ${response.status}`) });
}

const REPEATED_BY_FETCH_SAFELY = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);

function bodyOf({ method, body }: UpstreamRequest): ReadableStream<Uint8Array<ArrayBuffer>> | null {
  if (method === "GET" || method === "HEAD") return null;
  if (body !== null || REPEATED_BY_FETCH_SAFELY.has(method)) return body;
  return new ReadableStream({ start: (controller) => controller.close() });
}

function withoutDecoding(headers: Headers): Headers {
  if (!headers.has("range")) headers.set("accept-encoding", "identity");
  return headers;
}

/**
 * What an error of `fetch` proves. The texts are those of Deno, which tells by `(Connect)` that there was no
 * connection. Of an unknown error nothing can be said, so the request may have been sent.
 */
export function classify(thrown: unknown): AttemptFailure {
  const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;
  const text = cause instanceof Error ? cause.message : String(cause);
  if (text.includes("client error (Connect)")) {
    return { kind: lacksSocket(cause) ? "no_socket" : "connect_refused", cause };
  }
  if (/invalid HTTP|parse|invalid (header|content-length|chunk)|message head is too large/i.test(text)) {
    return { kind: "protocol_error", cause };
  }
  return { kind: "reset", cause };
}
