import { TrieRouter } from "hono/router/trie-router";
import type { Route } from "./route.ts";

/** One path of the API with its methods. */
export interface Endpoint {
  /** `/data/:id` */
  readonly path: string;
  /** By method; `HEAD` is the `GET` one. */
  readonly routes: ReadonlyMap<string, Route>;
  /** The value of `Allow`. */
  readonly allow: string;
}

/** Finds the endpoint of a path. */
export interface Router {
  /** The endpoint of a path, in the normal form that `URL` gives; `undefined` when there is none. */
  match(pathname: string): Endpoint | undefined;
}

/**
 * Makes a router of a table of routes. Where two patterns match, the one that stands earlier in the table wins.
 *
 * @throws {TypeError} when two routes have the same method and path
 */
export function createRouter(table: readonly Route[]): Router {
  const trie = new TrieRouter<Endpoint>();
  for (const endpoint of endpoints(table)) trie.add(ANY, endpoint.path, endpoint);
  return { match: (pathname) => trie.match(ANY, pathname)[0][0]?.[0] };
}

/** The router's methods are not used: which ones a path has must be known for 405. */
const ANY = "ALL";

function endpoints(table: readonly Route[]): Endpoint[] {
  const byPath = new Map<string, Map<string, Route>>();
  for (const route of table) {
    const routes = byPath.get(route.path) ?? new Map<string, Route>();
    if (routes.has(route.method)) {
      throw new TypeError(
        `Cannot route: method and path must be unique, got ${route.method} ${route.path} twice`,
      );
    }
    routes.set(route.method, route);
    if (route.method === "GET") routes.set("HEAD", route);
    byPath.set(route.path, routes);
  }
  return [...byPath].map(([path, routes]) => ({
    path,
    routes,
    allow: [...routes.keys(), "OPTIONS"].join(", "),
  }));
}
