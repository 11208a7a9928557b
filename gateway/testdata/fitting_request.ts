import type { Route } from "../route.ts";

/**
 * A request that the route takes: with names that mean something, a query if it has one, and the example of its
 * schema.
 */
export function fitting(route: Route): { target: string; init: RequestInit } {
  const path = route.path.replaceAll(/:\w+/g, "x%40y");
  const known = new URLSearchParams({
    limit: "1",
    cursor: "a/b",
    owner: "ann",
    prefix: "a:",
    existing: "skip",
  });
  const names = Object.keys(route.query?.shape ?? {});
  const pairs = [...known].filter(([name]) => names.includes(name));
  const query = pairs.length === 0 ? "" : `?${new URLSearchParams(pairs)}`;
  const { method, body } = route;
  if (body === undefined) return { target: path + query, init: { method } };
  const example = body.schema.meta()?.["example"];
  const content = typeof example === "object" ? JSON.stringify(example) : String(example);
  const headers = { "content-type": body.types[0] ?? "" };
  return { target: path + query, init: { method, body: content, headers } };
}
