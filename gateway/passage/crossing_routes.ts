import type { Route } from "../route.ts";

/** A path that may cross, and its route. */
export interface Target {
  readonly path: string;
  readonly route: Route;
}

/** A route whose last segment is a parameter, which stands for all paths of one directory. */
interface Directory {
  /** `/data/` */
  readonly path: string;
  /** The parameter's name: `id`. */
  readonly parameter: string;
  readonly route: Route;
  /** What other endpoints have there, which the router must choose between. */
  readonly taken: ReadonlySet<string>;
}

/** A path that `URL` leaves as it is, and that needs no decoding. */
export const PLAIN_PATH = /^(?:\/[\w~:@-][\w.~:@-]*)+$/;

/**
 * Finds the routes of reads that may cross: paths without a parameter, and those with one at their end. Such a path is found by
 * its directory, since its last segment seldom comes again soon: what the router finds is not worth remembering, nor is it to be
 * looked for each time.
 */
export class CrossingRoutes {
  readonly #paths = new Map<string, Route>();
  readonly #directories: Directory[] = [];

  constructor(table: readonly Route[]) {
    for (const route of table.filter(mayCross)) {
      const { directory, name } = split(route.path);
      if (!route.path.includes(":")) this.#paths.set(route.path, route);
      else if (name.startsWith(":") && !directory.includes(":")) {
        const taken = namesIn(directory, table);
        this.#directories.push({ path: directory, parameter: name.slice(1), route, taken });
      }
    }
  }

  /** The route of a path when that may cross, and is one that the route takes. */
  find(path: string): Target | undefined {
    if (!PLAIN_PATH.test(path)) return undefined;
    const route = this.#inDirectory(path) ?? this.#paths.get(path);
    return route && { path, route };
  }

  #inDirectory(path: string): Route | undefined {
    const end = path.lastIndexOf("/") + 1;
    for (const { path: directory, parameter, route, taken } of this.#directories) {
      if (directory.length !== end || !path.startsWith(directory)) continue;
      const name = path.slice(end);
      if (taken.has(name)) return undefined;
      return route.params?.safeParse({ [parameter]: name }).success === false ? undefined : route;
    }
    return undefined;
  }
}

/** A stream of events ends when the gateway drains, which takes a handler. */
function mayCross({ method, upstream, answers }: Route): boolean {
  return method === "GET" && upstream === "service" &&
    Object.values(answers).every(({ type }) => type === undefined || type === "application/json");
}

function namesIn(directory: string, table: readonly Route[]): Set<string> {
  const others = table.map(({ path }) => split(path)).filter((other) => other.directory === directory);
  return new Set(others.map(({ name }) => name).filter((name) => !name.startsWith(":")));
}

function split(path: string): { directory: string; name: string } {
  const end = path.lastIndexOf("/") + 1;
  return { directory: path.slice(0, end), name: path.slice(end) };
}
