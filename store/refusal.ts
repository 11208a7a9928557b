/** How a {@linkcode Refusal} is answered besides its status and text. */
export interface RefusalOptions {
  /** Fields of the answer. @default none */
  headers?: Readonly<Record<string, string>>;
  /** What made it happen; logged, never sent. @default none */
  cause?: unknown;
}

/**
 * A request that is not done, told to the client as KV Connect asks: a status and a sentence in plain text.
 *
 * The status decides what a client does. A 4xx is final: the application gets the sentence as an error. A 5xx is tried
 * again, by Deno's client for ever and by `@deno/kv` ten times, so it stands for what passes by itself and for nothing
 * else.
 */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, text: string, options: RefusalOptions = {}) {
    super(text, options.cause === undefined ? undefined : { cause: options.cause });
    this.status = status;
    this.headers = options.headers ?? {};
  }

  /** The request is wrong and will stay so: 400. */
  static final(text: string): Refusal {
    return new Refusal(400, text);
  }

  /** It cannot be done now: 503, to be tried again after a second. */
  static forNow(text: string, cause?: unknown): Refusal {
    return new Refusal(503, text, { headers: { "retry-after": "1" }, cause });
  }

  toResponse(): Response {
    const headers = {
      "content-type": "text/plain; charset=utf-8",
      "cache-control": "no-store",
      ...this.headers,
    };
    return new Response(`${this.message}\n`, { status: this.status, headers });
  }
}
