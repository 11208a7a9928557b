import { AttemptError, type FailureKind, reachOf } from "../failure.ts";
import type { SendOptions, Transport, UpstreamRequest } from "../transports/transport.ts";

/** What a pretended upstream does with a request: answers, or fails. */
export type FakeHandler = (request: UpstreamRequest, options: SendOptions) => Response | Promise<Response>;

/**
 * Brings requests to functions, by the id of the upstream. Health checks pass unless a handler takes
 * `/readyz` itself.
 */
export class FakeTransport implements Transport {
  readonly name = "fake";
  /** Ids of the upstreams that requests were brought to, in order. */
  readonly sent: string[] = [];
  closed = false;
  readonly forgotten: string[] = [];
  readonly #handlers: ReadonlyMap<string, FakeHandler>;
  readonly #checks: ReadonlyMap<string, FakeHandler>;

  constructor(
    handlers: Readonly<Record<string, FakeHandler>>,
    checks: Readonly<Record<string, FakeHandler>> = {},
  ) {
    this.#handlers = new Map(Object.entries(handlers));
    this.#checks = new Map(Object.entries(checks));
  }

  async send(request: UpstreamRequest, options: SendOptions): Promise<Response> {
    const { id } = options.upstream;
    if (request.target === "/readyz") {
      return await (this.#checks.get(id)?.(request, options) ?? new Response());
    }
    this.sent.push(id);
    const handler = this.#handlers.get(id);
    if (handler === undefined) throw new AttemptError({ kind: "connect_refused" });
    return await handler(request, options);
  }

  forget(upstream: { id: string }): void {
    this.forgotten.push(upstream.id);
  }

  close(): void {
    this.closed = true;
  }
}

/** Fails every request in this way, after having read its body where there was a connection to send it by. */
export function failing(kind: FailureKind): FakeHandler {
  return async ({ body }) => {
    if (reachOf(kind) !== "unsent") await body?.pipeTo(new WritableStream());
    throw new AttemptError({ kind });
  };
}

/** Never answers; fails when nobody waits any longer. */
export function silent(_request: UpstreamRequest, { signal }: SendOptions): Promise<Response> {
  const { promise, reject } = Promise.withResolvers<Response>();
  signal.addEventListener("abort", () => reject(signal.reason));
  if (signal.aborted) reject(signal.reason);
  return promise;
}

/** Answers with what it was sent. */
export async function echo(request: UpstreamRequest, { upstream }: SendOptions): Promise<Response> {
  const { method, target, headers, body } = request;
  const text = body === null ? "" : await new Response(body).text();
  const sent = { upstream: upstream.id, method, target, headers: Object.fromEntries(headers), body: text };
  return Response.json(sent);
}
