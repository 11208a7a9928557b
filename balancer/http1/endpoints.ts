import { ascii, equals, latin1, QUESTION } from "./octets.ts";
import type { RequestHead } from "./request_head.ts";

/** What a listener answers itself instead of passing it on. */
export interface EndpointsOptions {
  /** Such as `/healthz`; only `GET` and `HEAD` requests for these are offered. */
  readonly paths: readonly string[];
  /** Answers, or gives `undefined` to have the request passed on after all. */
  answer(request: Request): Response | Promise<Response> | undefined;
}

/** What is answered by a listener itself: its own endpoints, and what may not be forwarded any more. Their paths are compared as octets; a request is decoded only when one of them is meant. */
export class Endpoints {
  readonly #options: EndpointsOptions;
  readonly #onError: (error: unknown) => void;
  readonly #paths: readonly Uint8Array[];

  /** @param onError told what answering threw; the client gets a 500 */
  constructor(options: EndpointsOptions, onError: (error: unknown) => void) {
    this.#options = options;
    this.#onError = onError;
    this.#paths = options.paths.map(ascii);
  }

  /** The answer to a request; `undefined` when it is to be passed on. */
  answer(bytes: Uint8Array, head: RequestHead): Promise<Response> | undefined {
    switch (head.method) {
      case "GET":
      case "HEAD":
        return this.#answerOwn(bytes, head);
      case "OPTIONS":
        return head.countForward(bytes) ? undefined : Promise.resolve(notForwarded());
      case "other":
        return undefined;
    }
  }

  #answerOwn(bytes: Uint8Array, head: RequestHead): Promise<Response> | undefined {
    if (head.hasBody || !this.#match(bytes, head.pathStart, head.targetEnd)) return undefined;
    try {
      const answer = this.#options.answer(decodeRequest(bytes, head));
      return answer && Promise.resolve(answer).catch((error) => this.#failed(error));
    } catch (error) {
      return Promise.resolve(this.#failed(error));
    }
  }

  #match(bytes: Uint8Array, start: number, end: number): boolean {
    for (const path of this.#paths) {
      const pathEnd = start + path.length;
      if (pathEnd > end || (pathEnd < end && bytes[pathEnd] !== QUESTION)) continue;
      if (equals(bytes, start, pathEnd, path)) return true;
    }
    return false;
  }

  #failed(error: unknown): Response {
    this.#onError(error);
    return new Response(null, { status: 500 });
  }
}

/** A request without a body as an object. */
function decodeRequest(bytes: Uint8Array, head: RequestHead): Request {
  const target = latin1(bytes, head.pathStart, head.targetEnd);
  const headers = new Headers();
  for (const [name, value] of head.entries(bytes)) headers.append(name, value);
  const url = URL.parse(`http://localhost${target}`) ?? new URL("http://localhost/");
  return new Request(url, { method: head.method, headers });
}

/** Answers an `OPTIONS` request that may not be forwarded any more (RFC 9110, section 7.6.2). */
function notForwarded(): Response {
  return new Response(null, {
    status: 204,
    headers: { allow: "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT" },
  });
}
