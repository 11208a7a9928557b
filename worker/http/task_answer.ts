import { ifNoneMatch } from "@std/http/etag";
import { readFile } from "../engine/parts.ts";
import type { TaskEntry } from "../engine/task_store.ts";
import { retryAfter, taskView } from "./task_view.ts";

const encoder = new TextEncoder();

/** The answer that tells how a task stands: with `Retry-After` while it is not over, and its result when it is. */
export function taskAnswer(
  kv: Deno.Kv,
  { task, versionstamp }: TaskEntry,
  options: { request: Request; now: number; status?: number },
): Response {
  const { request, now, status = 200 } = options;
  const etag = `"${versionstamp}"`;
  const headers = new Headers({
    "content-type": "application/json",
    etag,
    "cache-control": "private, no-cache",
  });
  const wait = retryAfter(task, now);
  if (wait !== undefined) headers.set("retry-after", `${wait}`);
  if (status === 200 && !ifNoneMatch(request.headers.get("if-none-match"), etag)) {
    return new Response(null, { status: 304, headers });
  }
  const view = taskView(task);
  const { state } = task;
  if (state.status !== "succeeded" || state.result.kind === "inline") {
    return new Response(JSON.stringify(view), { status, headers });
  }
  const head = `${JSON.stringify(view).slice(0, -1)},"result":`;
  return new Response(joined(head, readFile(kv, task.id, { file: state.result.file }), "}"), {
    status,
    headers,
  });
}

/** A large result goes into the answer as it is read, part by part. */
function joined(
  head: string,
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  tail: string,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return body.pipeThrough(
    new TransformStream({
      start: (controller) => controller.enqueue(encoder.encode(head)),
      flush: (controller) => controller.enqueue(encoder.encode(tail)),
    }),
  );
}
