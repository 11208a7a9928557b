import type { Right } from "@flotilla/auth/verify";

/** Who answers: one of the roles that the gateway calls, or the gateway itself with its documents. */
export type UpstreamName = "auth" | "service" | "worker" | "gateway";

/** The methods of the public API; `HEAD` goes with `GET`, `OPTIONS` with every path. */
export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** Who may call: everybody, whoever is signed in, or whoever has the right. */
export type Access = "public" | "user" | Right;

/** What a route takes as the content of a request. */
export interface BodyRule {
  /** The media types it takes, lower case and without parameters; others get 415. */
  readonly types: readonly string[];
  /** Most bytes; more get 413. */
  readonly limit: number;
}

/** One method of one path: all that the gateway has to know of it. */
export interface Route {
  /** Names the operation in documents and logs: `createRecord`. */
  readonly name: string;
  readonly method: Method;
  /** `/data/:id`; a parameter stands for one segment. */
  readonly path: string;
  readonly access: Access;
  readonly upstream: UpstreamName;
  /** Without it no content is passed on: it would have no meaning (RFC 9110, section 9.3). */
  readonly body?: BodyRule;
  /** Milliseconds until the head of the answer must be there; 504 after that. */
  readonly timeout: number;
}
