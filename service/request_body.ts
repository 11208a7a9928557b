import { ProblemError } from "@flotilla/runtime";
import type { z } from "zod";
import { requireBounds } from "./json_bounds.ts";
import { writePointer } from "./json_pointer.ts";

/** How {@linkcode readJson} reads. */
export interface ReadJsonOptions {
  /** Media types to accept. @default `application/json` */
  accept?: readonly string[];
  /** Most bytes of the body. @default 262_144 */
  limit?: number;
}

/**
 * The request's body, parsed.
 *
 * @throws {ProblemError} 415 for another media type, 413 for too many bytes, 400 when it is not JSON in UTF-8, 422 when it
 * is nested too deeply
 */
export async function readJson(request: Request, options: ReadJsonOptions = {}): Promise<unknown> {
  const { accept = ["application/json"], limit = 262_144 } = options;
  requireMediaType(request, accept);
  const bytes = await readBytes(request, limit);
  return parseJson(decodeText(bytes));
}

/**
 * The text, parsed.
 *
 * @throws {ProblemError} 400 when it is not JSON, 422 when it is nested too deeply
 */
export function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ProblemError(400, "That is not JSON", { cause });
  }
  requireBounds(value);
  return value;
}

function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ProblemError(400, "The body is not UTF-8", { cause });
  }
}

/** The request's media type, without parameters, when it is one of these. */
export function requireMediaType(request: Request, accept: readonly string[]): string {
  const type = request.headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
  if (type !== undefined && accept.includes(type)) return type;
  throw new ProblemError(
    415,
    `The body must be ${accept.join(" or ")}, not ${type ?? "of an unnamed type"}`,
    {
      headers: request.method === "PATCH"
        ? { "accept-patch": accept.join(", ") }
        : { accept: accept.join(", ") },
    },
  );
}

/**
 * The value, as the schema takes it.
 *
 * @throws {ProblemError} 422 that names every member at fault
 */
export function requireShape<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const errors = result.error.issues.map(({ path, message }) => ({
    pointer: writePointer(path),
    detail: message,
  }));
  const detail = errors.map((error) => `${error.pointer || "the body"}: ${error.detail}`).join("; ");
  throw new ProblemError(422, detail, { extensions: { errors } });
}

async function readBytes(request: Request, limit: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of request.body ?? []) {
    length += part.byteLength;
    if (length > limit) {
      throw new ProblemError(413, `The body has more than ${limit} bytes`, { extensions: { limit } });
    }
    parts.push(part);
  }
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.byteLength;
  }
  return whole;
}
