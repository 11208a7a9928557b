import { ProblemError } from "@flotilla/runtime";
import type { BodyRule } from "./route.ts";

/** The content of a request on its way inwards. */
export interface RequestBody {
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Set when the content turned out longer than is allowed; the stream has then failed. */
  readonly tooLong: ProblemError | undefined;
}

/**
 * The content of a request as its route allows it: the media type and `Content-Length` are judged before a byte is
 * read, the length again while the content streams by.
 *
 * @returns `undefined` when there is none, or when the route takes none
 * @throws {ProblemError} 415 for a type or coding that the route does not take, 413 for too long a content
 */
export function requestBody(request: Request, rule: BodyRule | undefined): RequestBody | undefined {
  const { body, headers } = request;
  if (rule === undefined || body === null) return undefined;
  requireType(headers, rule);
  const length = headers.get("content-length");
  if (length !== null && Number(length) > rule.limit) throw contentTooLong(rule);
  return limited(body, rule);
}

function requireType(headers: Headers, rule: BodyRule): void {
  const given = headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
  if (given === undefined || !rule.types.includes(given)) {
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
    stream: body.pipeThrough(counter),
    get tooLong() {
      return tooLong;
    },
  };
}

function contentTooLong(rule: BodyRule): ProblemError {
  return new ProblemError(413, `The content must have at most ${rule.limit} bytes`, {
    // Whatever is still on its way is not read.
    headers: { connection: "close" },
  });
}
