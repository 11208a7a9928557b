import { type AssertionVerifier, type Principal, requireRight } from "@flotilla/auth/verify";
import { type Clock, ProblemError, type RequestContext } from "@flotilla/runtime";
import { type Context, Hono } from "hono";
import { routePath } from "hono/route";
import type { TaskDefinition } from "../engine/define_task.ts";
import type { TaskEntry, TaskStore } from "../engine/task_store.ts";

/** What the routes need. */
export interface RouteOptions {
  store: TaskStore;
  verifier: AssertionVerifier;
  kinds: ReadonlyMap<string, TaskDefinition>;
  clock: Clock;
  /** Milliseconds that an ended task is kept. */
  retention: number;
  /** Called when a task was queued here. */
  onQueued: () => void;
}

/** What a handler finds in its context. */
export interface TaskBindings {
  Bindings: { context: RequestContext };
  Variables: { principal: Principal };
}

/** The routes' application: everything in it needs the right `tasks:run`. */
export type TaskApp = Hono<TaskBindings>;

/** An application that knows who calls, and leaves failures to the role's frame. */
export function createTaskApp(verifier: AssertionVerifier): TaskApp {
  const app: TaskApp = new Hono();
  app.use(async (c, next) => {
    c.set("principal", requireRight(await verifier.verify(c.req.raw), "tasks:run"));
    try {
      await next();
    } finally {
      c.env.context.route = routePath(c, -1);
    }
  });
  app.notFound((c) => {
    throw new ProblemError(404, `There is nothing at ${c.req.path}`);
  });
  app.onError((error) => {
    throw error;
  });
  return app;
}

/** Answers every method that the path has no handler for with 405 (RFC 9110, section 15.5.6). */
export function refuseOtherMethods(app: TaskApp, path: string, allow: string): void {
  app.all(path, (c) => {
    throw new ProblemError(405, `This address does not take ${c.req.method}`, { headers: { allow } });
  });
}

/** Whose tasks are meant: the caller's, or with `?owner=` those of somebody else when an administrator asks. */
export function ownerOf(c: Context<TaskBindings>): string {
  const { subject, role } = c.var.principal;
  const owner = c.req.query("owner") ?? subject;
  if (owner === subject || role === "admin") return owner;
  throw new ProblemError(403, "Only an administrator may look at the tasks of others");
}

/**
 * The owner's task of the path's `:id`. That of somebody else is not found, just as one that never was.
 *
 * @throws {ProblemError} 404
 */
export async function taskOf(c: Context<TaskBindings>, store: TaskStore): Promise<TaskEntry> {
  const id = c.req.param("id") ?? "";
  const entry = await store.get({ owner: ownerOf(c), id });
  if (entry !== undefined) return entry;
  throw new ProblemError(404, `You have no task ${JSON.stringify(id.slice(0, 64))}`);
}
