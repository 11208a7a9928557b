import { type AssertionVerifier, type Principal, requireRight } from "@flotilla/auth/verify";
import { type Clock, ProblemError, type RequestContext } from "@flotilla/runtime";
import { type Context, Hono } from "hono";
import type { TaskDefinition } from "../engine/define_task.ts";
import { fileAnswer } from "./file_answer.ts";
import { idempotencyKey } from "./idempotency.ts";
import { submitTask } from "./submit_task.ts";
import { taskAnswer } from "./task_answer.ts";
import { taskEvents } from "./task_events.ts";
import { listFailed, listTasks } from "./task_list.ts";
import { readLog } from "../engine/task_log.ts";
import { readTaskRequest } from "./task_request.ts";
import { FileTooLargeError } from "../engine/parts.ts";
import { keepUpload } from "../engine/uploads.ts";
import { RefusedError, type TaskEntry, type TaskStore } from "../engine/task_store.ts";
import { taskUrl } from "./task_view.ts";

/** Bytes that an uploaded file may have. */
const UPLOAD_LIMIT = 64 * 1_024 * 1_024;
/** Instead of an owner: all of them. */
const EVERYONE = "*";

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

interface Bindings {
  Bindings: { context: RequestContext };
  Variables: { principal: Principal };
}

/** `/longtask` of the public API, as the gateway passes it on. */
export function createRoutes(options: RouteOptions): Hono<Bindings> {
  const { store, verifier, kinds, clock, retention, onQueued } = options;
  const app = new Hono<Bindings>();

  app.use(async (c, next) => {
    c.set("principal", requireRight(await verifier.verify(c.req.raw), "tasks:run"));
    await next();
    c.env.context.route ??= c.req.routePath;
  });

  /** The caller's own task: that of somebody else is not found, just as one that never was. */
  async function own(c: Context<Bindings>, id: string): Promise<TaskEntry> {
    const entry = await store.get({ owner: ownerOf(c), id });
    if (entry === undefined) {
      throw new ProblemError(404, `You have no task ${JSON.stringify(id.slice(0, 64))}`);
    }
    return entry;
  }

  app.post("/longtask", async (c) => {
    const now = clock.now();
    const request = await readTaskRequest(c.req.raw, { kinds, now });
    const owner = c.var.principal;
    const id = await submitTask(store, request, { owner, now, idempotencyKey: idempotencyKey(c.req.raw) });
    onQueued();
    const url = taskUrl(id);
    return c.json({ status: "Task queued", id, url }, 202, { location: url, "retry-after": "1" });
  });

  app.get("/longtask", async (c) => {
    const query = new URL(c.req.url).searchParams;
    const owner = ownerOf(c);
    return c.json(owner === EVERYONE ? await listFailed(store, query) : await listTasks(store, owner, query));
  });

  app.post("/longtask/uploads", async (c) => {
    const { body, headers } = c.req.raw;
    const type = headers.get("content-type") ?? "application/octet-stream";
    const upload = await keepUpload(store.kv, body ?? new Blob().stream(), {
      owner: c.var.principal.subject,
      type: type.slice(0, 200),
      limit: UPLOAD_LIMIT,
      now: clock.now(),
    }).catch((cause) => {
      if (!(cause instanceof FileTooLargeError)) throw cause;
      throw new ProblemError(413, `A file may have ${UPLOAD_LIMIT} bytes`, { cause });
    });
    const { id, file: { size, digest }, expires } = upload;
    return c.json({ file: id, size, sha256: digest, expires: new Date(expires).toISOString() }, 201);
  });

  app.all("/longtask/uploads", (c) => refuseMethod(c.req.method, "POST"));

  app.get("/longtask/:id", async (c) => {
    const entry = await own(c, c.req.param("id"));
    return taskAnswer(store.kv, entry, { request: c.req.raw, now: clock.now() });
  });

  app.delete("/longtask/:id", async (c) => {
    const entry = await own(c, c.req.param("id"));
    if (entry.task.state.status === "cancelled") return c.body(null, 204);
    try {
      const changed = await store.change(entry, { type: "cancel", now: clock.now(), retention });
      if (changed.task.state.status === "cancelled") return c.body(null, 204);
      return taskAnswer(store.kv, changed, { request: c.req.raw, now: clock.now(), status: 202 });
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      throw new ProblemError(409, `The task is over: it has ${error.task.state.status}`, { cause: error });
    }
  });

  app.post("/longtask/:id/retry", async (c) => {
    const entry = await own(c, c.req.param("id"));
    try {
      const changed = await store.change(entry, { type: "resend", now: clock.now() });
      onQueued();
      return taskAnswer(store.kv, changed, { request: c.req.raw, now: clock.now(), status: 202 });
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      const { status } = error.task.state;
      throw new ProblemError(409, `Only a failed or cancelled task is sent again: it is ${status}`, {
        cause: error,
      });
    }
  });

  app.get("/longtask/:id/events", async (c) => {
    const { task } = await own(c, c.req.param("id"));
    const signal = AbortSignal.any([c.env.context.draining, c.req.raw.signal]);
    const lastEventId = c.req.header("last-event-id");
    const events = taskEvents(store, { owner: task.owner.subject, id: task.id }, {
      clock,
      signal,
      lastEventId,
    });
    return c.body(events, 200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  });

  app.get("/longtask/:id/log", async (c) => {
    const { task } = await own(c, c.req.param("id"));
    const lines = await readLog(store.kv, task.id);
    return c.json({ lines: lines.map((line) => ({ ...line, time: new Date(line.time).toISOString() })) });
  });

  app.get("/longtask/:id/files/:name", async (c) => {
    const { task } = await own(c, c.req.param("id"));
    return fileAnswer(store.kv, task, { name: c.req.param("name"), request: c.req.raw });
  });

  app.all("/longtask", (c) => refuseMethod(c.req.method, "GET, POST"));
  app.all("/longtask/:id", (c) => refuseMethod(c.req.method, "GET, DELETE"));
  app.all("/longtask/:id/retry", (c) => refuseMethod(c.req.method, "POST"));
  app.all("/longtask/:id/*", (c) => refuseMethod(c.req.method, "GET"));
  app.notFound((c) => {
    throw new ProblemError(404, `There is nothing at ${c.req.path}`);
  });
  app.onError((error) => {
    throw error;
  });
  return app;
}

/** Whose tasks are meant: the caller's, or with `?owner=` those of somebody else when an administrator asks. */
function ownerOf(c: Context<Bindings>): string {
  const { subject, role } = c.var.principal;
  const owner = c.req.query("owner") ?? subject;
  if (owner === subject || role === "admin") return owner;
  throw new ProblemError(403, "Only an administrator may look at the tasks of others");
}

function refuseMethod(method: string, allow: string): never {
  throw new ProblemError(405, `This address does not take ${method}`, { headers: { allow } });
}
