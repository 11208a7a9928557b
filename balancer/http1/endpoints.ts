import { ascii, equals, QUESTION } from "./octets.ts";

/** Answers one of the listener's own paths. */
export type EndpointHandler = (request: Request) => Response | Promise<Response>;

/** The paths that a listener answers itself instead of passing them on, compared as octets. */
export class Endpoints {
  readonly #entries: readonly { readonly path: Uint8Array; readonly handler: EndpointHandler }[];

  /** @param handlers by path, such as `/healthz` */
  constructor(handlers: Readonly<Record<string, EndpointHandler>>) {
    this.#entries = Object.entries(handlers).map(([path, handler]) => ({ path: ascii(path), handler }));
  }

  /** The handler for a target; the query does not count. */
  match(bytes: Uint8Array, start: number, end: number): EndpointHandler | undefined {
    for (const { path, handler } of this.#entries) {
      const pathEnd = start + path.length;
      if (pathEnd > end || (pathEnd < end && bytes[pathEnd] !== QUESTION)) continue;
      if (equals(bytes, start, pathEnd, path)) return handler;
    }
    return undefined;
  }
}
