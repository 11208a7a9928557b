import { ProblemError } from "@flotilla/runtime";
import type { z } from "zod";

/** What content a route takes. */
export interface JsonBodyOptions {
  /** Media types. @default application/json */
  types?: readonly string[];
  /** Most bytes. @default 16_384 */
  limit?: number;
}

/**
 * The content of a request, checked by a schema.
 *
 * @throws {ProblemError} 415 for another media type or compressed content, 413 for too much of it, 400 when it is not
 * JSON, 422 with a list of `errors` when it is JSON of another shape
 */
export async function jsonBody<T>(
  request: Request,
  schema: z.ZodType<T>,
  options: JsonBodyOptions = {},
): Promise<T> {
  const { types = ["application/json"], limit = 16_384 } = options;
  checkMediaType(request.headers, types);
  const result = schema.safeParse(parse(await readText(request, limit)));
  if (result.success) return result.data;
  const errors = result.error.issues.map(({ path, message }) => ({
    pointer: path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join(""),
    detail: message,
  }));
  const detail = errors.map((error) => `${error.pointer || "the body"}: ${error.detail}`).join("; ");
  throw new ProblemError(422, `The content does not fit: ${detail}`, { extensions: { errors } });
}

function checkMediaType(headers: Headers, types: readonly string[]): void {
  const type = (headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  if (!types.includes(type)) {
    throw new ProblemError(415, `The content must be ${types.join(" or ")}`, {
      headers: { accept: types.join(", ") },
    });
  }
  if ((headers.get("content-encoding") ?? "identity").toLowerCase() !== "identity") {
    throw new ProblemError(415, "The content must not be compressed", {
      headers: { "accept-encoding": "identity" },
    });
  }
}

async function readText(request: Request, limit: number): Promise<string> {
  if (Number(request.headers.get("content-length") ?? 0) > limit) throw tooLong(limit);
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let length = 0;
  let text = "";
  for await (const chunk of request.body ?? []) {
    length += chunk.length;
    if (length > limit) throw tooLong(limit);
    text += decode(decoder, chunk);
  }
  return text + decode(decoder);
}

function decode(decoder: TextDecoder, chunk?: Uint8Array<ArrayBuffer>): string {
  try {
    return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
  } catch (cause) {
    throw new ProblemError(400, "The content is not UTF-8", { cause });
  }
}

function tooLong(limit: number): ProblemError {
  return new ProblemError(413, `The content must not be longer than ${limit} bytes`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ProblemError(400, "The content is not JSON", { cause });
  }
}
