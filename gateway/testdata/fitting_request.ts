import type { Route } from "../route.ts";

/** A request that the route takes: with names that mean something, a query if it has one, and the example of its schema. */
export function fitting(route: Route): { target: string; init: RequestInit } {
  const path = route.path.replaceAll(/:\w+/g, "x%40y");
  const query = route.query === undefined ? "" : "?limit=1&cursor=a%2Fb";
  const { method, body } = route;
  if (body === undefined) return { target: path + query, init: { method } };
  const content = JSON.stringify(body.schema.meta()?.["example"]);
  const headers = { "content-type": body.types[0] ?? "" };
  return { target: path + query, init: { method, body: content, headers } };
}
