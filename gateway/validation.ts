import { ProblemError } from "@flotilla/runtime";
import type { z } from "zod";
import type { Route } from "./route.ts";

/**
 * Lets a value pass that has the shape.
 *
 * @param what of the request is judged: `content`, `query` or `path`
 * @throws {ProblemError} 422 with the JSON pointer of each member at fault
 */
export function requireShape(schema: z.ZodType, value: unknown, what: string): void {
  const result = schema.safeParse(value);
  if (result.success) return;
  const errors = result.error.issues.map(({ path, message }) => ({
    pointer: pointer(path),
    detail: message,
  }));
  const detail = errors.map((error) =>
    error.pointer === "" ? error.detail : `${error.pointer} ${error.detail}`
  )
    .join("; ");
  throw new ProblemError(422, `The ${what} does not fit: ${detail}`, { extensions: { errors } });
}

/**
 * Judges path and query of a request as its route says. A name that is given twice in the query is refused: which one
 * counts would depend on who reads it.
 *
 * @throws {ProblemError} 400 for a path that cannot be decoded, 422 for what does not fit
 */
export function requireTarget(route: Route, url: Pick<URL, "pathname" | "search">): void {
  if (route.params !== undefined) {
    requireShape(route.params, pathParameters(route.path, url.pathname), "path");
  }
  if (route.query === undefined || url.search === "") return;
  const query: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(url.search)) {
    if (name in query) throw new ProblemError(422, `The query does not fit: /${name} is given twice`);
    query[name] = value;
  }
  requireShape(route.query, query, "query");
}

function pathParameters(pattern: string, pathname: string): Record<string, string> {
  const given = pathname.split("/");
  const parameters: Record<string, string> = {};
  for (const [index, segment] of pattern.split("/").entries()) {
    if (segment.startsWith(":")) parameters[segment.slice(1)] = decoded(given[index] ?? "");
  }
  return parameters;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (cause) {
    throw new ProblemError(400, "The path is not encoded as RFC 3986 says", { cause });
  }
}

function pointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}
