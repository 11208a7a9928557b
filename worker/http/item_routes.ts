import { ProblemError } from "@flotilla/runtime";
import type { Context } from "hono";
import { readLog } from "../engine/task_log.ts";
import type { TaskEvent } from "../engine/task_state.ts";
import { RefusedError, type TaskEntry } from "../engine/task_store.ts";
import { fileAnswer } from "./file_answer.ts";
import { longestWait, preferredWait, whenOver } from "./prefer_wait.ts";
import { taskAnswer } from "./task_answer.ts";
import {
  refuseOtherMethods,
  type RouteOptions,
  type TaskApp,
  type TaskBindings,
  taskOf,
} from "./task_app.ts";
import { taskEvents } from "./task_events.ts";

/** Aborted when an answer that lasts must end: the role drains, or the client has left. */
function endOf(c: Context<TaskBindings>): AbortSignal {
  return AbortSignal.any([c.env.context.draining, c.req.raw.signal]);
}

/** Looking at one task, ending it, sending it again, and getting what it made. */
export function addItemRoutes(app: TaskApp, options: RouteOptions): void {
  const { store, clock, retention, onQueued } = options;

  /** Moves the task, or answers 409 with why it cannot be moved. */
  async function move(entry: TaskEntry, event: TaskEvent, unless: string): Promise<TaskEntry> {
    try {
      return await store.change(entry, event);
    } catch (cause) {
      if (!(cause instanceof RefusedError)) throw cause;
      throw new ProblemError(409, `${unless}: it is ${cause.task.state.status}`, { cause });
    }
  }

  app.get("/longtask/:id", async (c) => {
    const found = await taskOf(c, store);
    const seconds = Math.min(preferredWait(c.req.header("prefer")), longestWait(c.env.context.timeLeft()));
    const entry = await whenOver(store, found, { seconds, clock, signal: endOf(c) });
    const answer = taskAnswer(store.kv, entry, { request: c.req.raw, now: clock.now() });
    if (seconds > 0) answer.headers.set("preference-applied", `wait=${seconds}`);
    return answer;
  });

  app.delete("/longtask/:id", async (c) => {
    const entry = await taskOf(c, store);
    if (entry.task.state.status === "cancelled") return c.body(null, 204);
    const now = clock.now();
    const changed = await move(
      entry,
      { type: "cancel", now, retention },
      "A task that is over stays as it is",
    );
    if (changed.task.state.status === "cancelled") return c.body(null, 204);
    return taskAnswer(store.kv, changed, { request: c.req.raw, now, status: 202 });
  });

  app.post("/longtask/:id/retry", async (c) => {
    const now = clock.now();
    const changed = await move(
      await taskOf(c, store),
      { type: "resend", now },
      "Only a failed or cancelled task is sent again",
    );
    onQueued();
    return taskAnswer(store.kv, changed, { request: c.req.raw, now, status: 202 });
  });

  app.get("/longtask/:id/events", async (c) => {
    const { task } = await taskOf(c, store);
    const signal = endOf(c);
    const lastEventId = c.req.header("last-event-id");
    const ref = { owner: task.owner.subject, id: task.id };
    return c.body(taskEvents(store, ref, { clock, signal, lastEventId }), 200, {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
    });
  });

  app.get("/longtask/:id/log", async (c) => {
    const { task } = await taskOf(c, store);
    const lines = await readLog(store.kv, task.id);
    return c.json({ lines: lines.map((line) => ({ ...line, time: new Date(line.time).toISOString() })) });
  });

  app.get("/longtask/:id/files/:name", async (c) => {
    const { task } = await taskOf(c, store);
    return fileAnswer(store.kv, task, { name: c.req.param("name"), request: c.req.raw });
  });

  refuseOtherMethods(app, "/longtask/:id", "GET, DELETE");
  refuseOtherMethods(app, "/longtask/:id/retry", "POST");
  for (const below of ["events", "log", "files/:name"]) {
    refuseOtherMethods(app, `/longtask/:id/${below}`, "GET");
  }
}
