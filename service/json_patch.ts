import { ProblemError } from "@flotilla/runtime";
import { z } from "zod";
import { isJsonObject, type JsonObject, withMember, withoutMember } from "./json_object.ts";
import { parsePointer } from "./json_pointer.ts";

/** The media type of a JSON Patch. */
export const JSON_PATCH = "application/json-patch+json";

const pointerSchema = z.string().transform((text, context) => {
  const tokens = parsePointer(text);
  if (tokens !== undefined) return tokens;
  context.addIssue("must be a JSON Pointer (RFC 6901)");
  return z.NEVER;
});
const anySchema = z.unknown().refine((value) => value !== undefined, "must be given");

/** A JSON Patch document (RFC 6902, section 3). Members that an operation does not know are ignored, as it asks. */
export const jsonPatchSchema = z.array(z.discriminatedUnion("op", [
  z.object({ op: z.literal("add"), path: pointerSchema, value: anySchema }),
  z.object({ op: z.literal("remove"), path: pointerSchema }),
  z.object({ op: z.literal("replace"), path: pointerSchema, value: anySchema }),
  z.object({ op: z.literal("move"), from: pointerSchema, path: pointerSchema }),
  z.object({ op: z.literal("copy"), from: pointerSchema, path: pointerSchema }),
  z.object({ op: z.literal("test"), path: pointerSchema, value: anySchema }),
]));

/** A checked JSON Patch: its pointers are parsed. */
export type JsonPatch = z.infer<typeof jsonPatchSchema>;
type Operation = JsonPatch[number];

/** The patch does not fit the document; said with the number of the operation. */
class MisfitError extends Error {
  override readonly name = "MisfitError";
}

/**
 * Applies a JSON Patch (RFC 6902). The document given is not changed.
 *
 * @throws {ProblemError} 409 when a path is not there or a test fails (RFC 5789, section 2.2)
 */
export function applyJsonPatch(document: unknown, patch: JsonPatch): unknown {
  return patch.reduce((value, operation, index) => {
    try {
      return apply(value, operation);
    } catch (error) {
      if (!(error instanceof MisfitError)) throw error;
      throw new ProblemError(
        409,
        `Operation ${index} (${operation.op}) cannot be applied: ${error.message}`,
        {
          cause: error,
        },
      );
    }
  }, document);
}

function apply(document: unknown, operation: Operation): unknown {
  switch (operation.op) {
    case "add":
      return add(document, operation.path, operation.value);
    case "remove":
      return remove(document, operation.path);
    case "replace":
      find(document, operation.path);
      return replace(document, operation.path, operation.value);
    case "move":
      if (isBelow(operation.path, operation.from)) {
        throw new MisfitError("a value cannot be moved into itself");
      }
      return add(remove(document, operation.from), operation.path, find(document, operation.from));
    case "copy":
      return add(document, operation.path, find(document, operation.from));
    case "test":
      if (isEqual(find(document, operation.path), operation.value)) return document;
      throw new MisfitError("the value is another");
  }
}

function find(document: unknown, path: readonly string[]): unknown {
  return path.reduce((value, token) => {
    if (Array.isArray(value)) return value[indexOf(token, value.length - 1)];
    if (isJsonObject(value) && Object.hasOwn(value, token)) return value[token];
    throw missing(token);
  }, document);
}

type Edit = (parent: unknown[] | JsonObject, token: string) => unknown;

/** The document with one of its values edited, all parents of it copied. */
function edit(document: unknown, path: readonly string[], change: Edit): unknown {
  const [token, ...rest] = path;
  if (token === undefined) throw missing("");
  if (!Array.isArray(document) && !isJsonObject(document)) throw missing(token);
  if (rest.length === 0) return change(document, token);
  const below = edit(find(document, [token]), rest, change);
  return Array.isArray(document) ? document.with(Number(token), below) : withMember(document, token, below);
}

function add(document: unknown, path: readonly string[], value: unknown): unknown {
  if (path.length === 0) return value;
  return edit(document, path, (parent, token) => {
    if (!Array.isArray(parent)) return withMember(parent, token, value);
    return parent.toSpliced(token === "-" ? parent.length : indexOf(token, parent.length), 0, value);
  });
}

function remove(document: unknown, path: readonly string[]): unknown {
  if (path.length === 0) throw new MisfitError("the whole value cannot be removed");
  return edit(document, path, (parent, token) => {
    if (Array.isArray(parent)) return parent.toSpliced(indexOf(token, parent.length - 1), 1);
    if (!Object.hasOwn(parent, token)) throw missing(token);
    return withoutMember(parent, token);
  });
}

function replace(document: unknown, path: readonly string[], value: unknown): unknown {
  if (path.length === 0) return value;
  return edit(
    document,
    path,
    (parent, token) =>
      Array.isArray(parent)
        ? parent.with(indexOf(token, parent.length - 1), value)
        : withMember(parent, token, value),
  );
}

function indexOf(token: string, last: number): number {
  if (/^(0|[1-9]\d{0,9})$/.test(token) && Number(token) <= last) return Number(token);
  throw missing(token);
}

function isBelow(path: readonly string[], from: readonly string[]): boolean {
  return path.length > from.length && from.every((token, index) => token === path[index]);
}

/** Equality as RFC 6902, section 4.6 has it. */
function isEqual(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (Array.isArray(one)) {
    return Array.isArray(other) && one.length === other.length &&
      one.every((value, index) => isEqual(value, other[index]));
  }
  if (!isJsonObject(one) || !isJsonObject(other)) return false;
  const names = Object.keys(one);
  return names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && isEqual(one[name], other[name]));
}

function missing(token: string): MisfitError {
  return new MisfitError(`nothing is at ${JSON.stringify(token.slice(0, 100))}`);
}
