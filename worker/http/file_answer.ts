import { ProblemError } from "@flotilla/runtime";
import { ifNoneMatch } from "@std/http/etag";
import { readFile } from "../engine/parts.ts";
import type { Task } from "../engine/task_state.ts";

/**
 * A file that a task has made, streamed from its parts.
 *
 * @throws {ProblemError} 404 when the task has no such file (yet)
 */
export function fileAnswer(
  kv: Deno.Kv,
  { id, state }: Task,
  options: { name: string; request: Request },
): Response {
  const { name, request } = options;
  const files = state.status === "succeeded" ? state.files : [];
  const file = files.find((entry) => entry.name === name);
  if (file === undefined) {
    throw new ProblemError(404, `The task has no file ${JSON.stringify(name.slice(0, 100))}`);
  }
  const etag = `"${file.digest}"`;
  const headers = new Headers({
    etag,
    "content-type": file.type,
    "content-length": `${file.size}`,
    "content-disposition": `attachment; filename="${file.name}"`,
    "cache-control": "private, no-cache",
    // What a task wrote is not to be taken for a page of this site.
    "x-content-type-options": "nosniff",
    "content-security-policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
  });
  if (!ifNoneMatch(request.headers.get("if-none-match"), etag)) {
    headers.delete("content-length");
    return new Response(null, { status: 304, headers });
  }
  return new Response(readFile(kv, id, { file }), { headers });
}
