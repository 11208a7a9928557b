import { type Clock, ProblemError } from "@flotilla/runtime";
import { ANY_TYPE, type BodyRule } from "./route.ts";
import { requireShape } from "./validation.ts";

/** The content of a request on its way inwards. */
export type RequestBody =
  | { readonly kind: "none" }
  /** It was read and fits. */
  | { readonly kind: "read"; readonly bytes: Uint8Array<ArrayBuffer> }
  | {
    readonly kind: "streamed";
    readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
    /** Set when the content turned out longer than is allowed; the stream has then failed. */
    readonly tooLong: ProblemError | undefined;
  };

/** How {@linkcode requestBody} reads. */
export interface RequestBodyOptions {
  /** Milliseconds that the client has for sending it. */
  readonly timeout: number;
  readonly clock: Clock;
}

/**
 * The content of a request as its route allows it. Media type and `Content-Length` are judged before a byte is read,
 * the length again with each piece that comes. What the gateway can judge is read and checked; what it cannot streams
 * by.
 *
 * @throws {ProblemError} 415 for a type or coding that the route does not take, 413 for too long a content, 408 for
 * too slow a one, 400 for what is no JSON, 422 for JSON of another shape
 */
export async function requestBody(
  request: Request,
  rule: BodyRule | undefined,
  options: RequestBodyOptions,
): Promise<RequestBody> {
  const { body, headers } = request;
  if (rule === undefined) return { kind: "none" };
  // Some servers hand over empty content as none: a wrong type is told all the same.
  if (body !== null || headers.has("content-type")) requireType(headers, rule);
  if (body === null) throw new ProblemError(400, `This needs content of type ${rule.types.join(" or ")}`);
  const length = headers.get("content-length");
  if (length !== null && Number(length) > rule.limit) throw contentTooLong(rule);
  if (rule.streamed) return limited(body, rule);
  const bytes = await readAll(body, rule, options);
  requireShape(rule.schema, parsed(bytes), "content");
  return { kind: "read", bytes };
}

function requireType(headers: Headers, rule: BodyRule): void {
  const given = headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
  const taken = rule.types.includes(ANY_TYPE) || (given !== undefined && rule.types.includes(given));
  if (!taken) {
    throw new ProblemError(415, `The content must be of type ${rule.types.join(" or ")}`, {
      headers: { accept: rule.types.join(", ") },
    });
  }
  const coding = headers.get("content-encoding");
  if (coding !== null && coding.toLowerCase() !== "identity") {
    // RFC 9110, section 15.5.16: Accept-Encoding tells that it was the coding and not the type.
    throw new ProblemError(415, "The content must not be compressed", {
      headers: { "accept-encoding": "identity" },
    });
  }
}

function limited(body: ReadableStream<Uint8Array<ArrayBuffer>>, rule: BodyRule): RequestBody {
  let length = 0;
  let tooLong: ProblemError | undefined;
  const counter = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      length += chunk.byteLength;
      if (length <= rule.limit) return controller.enqueue(chunk);
      tooLong = contentTooLong(rule);
      throw tooLong;
    },
  });
  return {
    kind: "streamed",
    stream: body.pipeThrough(counter),
    get tooLong() {
      return tooLong;
    },
  };
}

async function readAll(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  rule: BodyRule,
  { timeout, clock }: RequestBodyOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader();
  const { promise: late, reject } = Promise.withResolvers<never>();
  using _timer = clock.setTimeout(() => reject(tooSlow(timeout)), timeout);
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), late]);
      if (done) return joined(chunks, length);
      length += value.byteLength;
      if (length > rule.limit) throw contentTooLong(rule);
      chunks.push(value);
    }
  } catch (error) {
    // The client is still sending; what comes of that is of no interest.
    void reader.cancel().catch(() => {});
    if (error instanceof ProblemError) throw error;
    throw new ProblemError(400, "The content broke off", { cause: error });
  }
}

function joined(chunks: readonly Uint8Array<ArrayBuffer>[], length: number): Uint8Array<ArrayBuffer> {
  const [first] = chunks;
  if (chunks.length === 1 && first !== undefined) return first;
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return whole;
}

function parsed(bytes: Uint8Array<ArrayBuffer>): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new ProblemError(400, "The content is not JSON in UTF-8", { cause });
  }
}

function contentTooLong(rule: BodyRule): ProblemError {
  return new ProblemError(413, `The content must have at most ${rule.limit} bytes`, {
    // Whatever is still on its way is not read.
    headers: { connection: "close" },
  });
}

function tooSlow(timeout: number): ProblemError {
  return new ProblemError(408, `The content did not come within ${timeout / 1_000} s`, {
    headers: { connection: "close" },
  });
}
