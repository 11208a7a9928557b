import { ProblemError } from "@flotilla/runtime";
import { listOfEverybody } from "./everybodys_tasks.ts";
import { FileTooLargeError } from "../engine/parts.ts";
import { keepUpload } from "../engine/uploads.ts";
import { idempotencyKey } from "./idempotency.ts";
import { submitTask } from "./submit_task.ts";
import { ownerOf, refuseOtherMethods, type RouteOptions, type TaskApp } from "./task_app.ts";
import { listTasks } from "./task_list.ts";
import { readTaskRequest } from "./task_request.ts";
import { scheduleUrl } from "./schedule_view.ts";
import { taskUrl } from "./task_view.ts";

/** Bytes that an uploaded file may have. */
const UPLOAD_LIMIT = 64 * 1_024 * 1_024;
/** Instead of an owner: all of them. */
const EVERYONE = "*";

/** Sending tasks, listing them, and sending files for them. */
export function addCollectionRoutes(app: TaskApp, options: RouteOptions): void {
  const { store, kinds, clock, onQueued } = options;

  app.post("/longtask", async (c) => {
    const now = clock.now();
    const request = await readTaskRequest(c.req.raw, { kinds, now });
    const owner = c.var.principal;
    const id = await submitTask(store, request, { owner, now, idempotencyKey: idempotencyKey(c.req.raw) });
    onQueued();
    const url = taskUrl(id);
    const schedule = request.repeat === undefined ? {} : { schedule: scheduleUrl(id) };
    return c.json({ status: "Task queued", id, url, ...schedule }, 202, {
      location: url,
      "retry-after": "1",
    });
  });

  app.get("/longtask", async (c) => {
    const query = new URL(c.req.url).searchParams;
    const owner = ownerOf(c);
    const page = owner === EVERYONE ? listOfEverybody(store, query) : listTasks(store, owner, query);
    return c.json(await page);
  });

  app.post("/longtask/uploads", async (c) => {
    const { body, headers } = c.req.raw;
    const type = headers.get("content-type") ?? "application/octet-stream";
    const owner = c.var.principal.subject;
    try {
      const content = body ?? new Blob().stream();
      const upload = await keepUpload(store.kv, content, {
        owner,
        type: type.slice(0, 200),
        limit: UPLOAD_LIMIT,
        now: clock.now(),
      });
      const { id, file: { size, digest }, expires } = upload;
      return c.json({ file: id, size, sha256: digest, expires: new Date(expires).toISOString() }, 201);
    } catch (cause) {
      if (!(cause instanceof FileTooLargeError)) throw cause;
      throw new ProblemError(413, `A file may have ${UPLOAD_LIMIT} bytes`, { cause });
    }
  });

  refuseOtherMethods(app, "/longtask", "GET, POST");
  refuseOtherMethods(app, "/longtask/uploads", "POST");
}
