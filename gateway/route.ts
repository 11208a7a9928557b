import type { Right } from "@flotilla/auth/verify";
import type { z } from "zod";

/** Who answers: one of the roles that the gateway calls, or the gateway itself with its documents. */
export type UpstreamName = "auth" | "service" | "worker" | "gateway";

/** The methods of the public API; `HEAD` goes with `GET`, `OPTIONS` with every path. */
export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** Who may call: everybody, whoever is signed in, or whoever has the right. */
export type Access = "public" | "user" | Right;

/** Stands for whatever media type a file has. */
export const ANY_TYPE = "*/*";

/** What a route takes as the content of a request. */
export interface BodyRule {
  /** The media types it takes, lower case and without parameters, or {@linkcode ANY_TYPE}; others get 415. */
  readonly types: readonly string[];
  /** Most bytes; more get 413. */
  readonly limit: number;
  /** What the content must be; 422 otherwise. */
  readonly schema: z.ZodType;
  /** The content streams by unread, and the inner role judges it by the schema. @default false */
  readonly streamed?: boolean;
}

/** An answer of a route, for the API's description. */
export interface AnswerRule {
  readonly description: string;
  /** @default none: the answer has no content, or content of no fixed shape */
  readonly schema?: z.ZodType;
  /** @default application/json */
  readonly type?: string;
  /** Fields of the answer and what they say. @default none */
  readonly fields?: Readonly<Record<string, string>>;
}

/** One method of one path: all that the gateway has to know of it. */
export interface Route {
  /** Names the operation in documents and logs: `createRecord`. */
  readonly name: string;
  readonly summary: string;
  readonly method: Method;
  /** `/data/:id`; a parameter stands for one segment. */
  readonly path: string;
  readonly access: Access;
  readonly upstream: UpstreamName;
  /** What the parameters of the path must be; 422 otherwise. @default anything */
  readonly params?: z.ZodObject;
  /** What the query must be; 422 otherwise. @default anything, since nobody reads it */
  readonly query?: z.ZodObject;
  /** Fields of the request that the inner role reads, and what they say. @default none */
  readonly fields?: Readonly<Record<string, string>>;
  /** Without it no content is passed on: it would have no meaning (RFC 9110, section 9.3). */
  readonly body?: BodyRule;
  /** The gateway keeps the answer under the request's `Idempotency-Key`. @default false */
  readonly idempotent?: boolean;
  /**
   * Anybody can ask for it, and it costs much: only as many are passed on as the inner role can take, the rest is refused
   * with 503 before anything else is done. @default false
   */
  readonly costly?: boolean;
  /** What is answered when all goes well, and failures that only this route has. */
  readonly answers: Readonly<Record<number, AnswerRule>>;
  /** Milliseconds until the head of the answer must be there; 504 after that. */
  readonly timeout: number;
}
