import { type AssertionVerifier, type Principal, requireRight, type Right } from "@flotilla/auth/verify";
import { ProblemError, type RequestContext } from "@flotilla/runtime";
import type { Context, Hono } from "hono";
import type { z } from "zod";
import type { ChangeFeed } from "./change_feed.ts";
import type { ChangeTail } from "./change_tail.ts";
import { requireRecordId } from "./record_id.ts";
import type { RecordDatabase } from "./record_database.ts";
import type { PageReader } from "./page_reader.ts";
import type { RecordReader } from "./record_reader.ts";
import type { RecordWriter } from "./record_writer.ts";

/** What the routes of a service work with. */
export interface DataEnvironment {
  readonly verifier: AssertionVerifier;
  readonly database: RecordDatabase;
  readonly tail: ChangeTail;
  readonly feed: ChangeFeed;
  readonly records: RecordReader;
  readonly pages: PageReader;
  readonly writer: RecordWriter;
  readonly now: () => number;
}

/** What Hono hands to a handler. */
export type DataContext = Context<{ Bindings: { context: RequestContext } }>;
export type DataApp = Hono<{ Bindings: { context: RequestContext } }>;

/** Answers a signed-in caller. */
export type DataHandler = (context: DataContext, principal: Principal) => Response | Promise<Response>;

/** Who may call a route, and what it does. */
export interface DataRoute {
  readonly right: Right;
  readonly handle: DataHandler;
}

/** Adds a path with its methods; any other method is answered 405. */
export function addRoutes(
  app: DataApp,
  path: string,
  options: { verifier: AssertionVerifier; methods: Readonly<Record<string, DataRoute>> },
): void {
  const { verifier, methods } = options;
  for (const [method, { right, handle }] of Object.entries(methods)) {
    app.on(method, path, async (context) => {
      context.env.context.route = path;
      return await handle(context, requireRight(await verifier.verify(context.req.raw), right));
    });
  }
  const names = Object.keys(methods).flatMap((method) => method === "GET" ? ["GET", "HEAD"] : [method]);
  app.all(path, (context) => {
    context.env.context.route = path;
    throw new ProblemError(405, `${path} answers ${names.join(", ")}`, {
      headers: { allow: names.join(", ") },
    });
  });
}

/**
 * The request's query, as the schema takes it.
 *
 * @throws {ProblemError} 422 that names every parameter at fault
 */
export function requireQuery<T>(context: DataContext, schema: z.ZodType<T>): T {
  const result = schema.safeParse(context.req.query());
  if (result.success) return result.data;
  const detail = result.error.issues.map(({ path, message }) => `?${path.join("")}: ${message}`).join("; ");
  throw new ProblemError(422, detail);
}

/**
 * The id in the request's path.
 *
 * @throws {ProblemError} 422 when it cannot be one
 */
export function pathId(context: DataContext): string {
  return requireRecordId(context.req.param("id") ?? "");
}

/** JSON text as an answer. */
export function jsonAnswer(
  text: string,
  init: { status?: number; headers?: Record<string, string> } = {},
): Response {
  const { status = 200, headers = {} } = init;
  return new Response(text, { status, headers: { "content-type": "application/json", ...headers } });
}
