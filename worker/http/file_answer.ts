import { ProblemError } from "@flotilla/runtime";
import { ifNoneMatch } from "@std/http/etag";
import type { FileEntry } from "../engine/file_entry.ts";
import { readFile } from "../engine/parts.ts";
import type { Task } from "../engine/task_state.ts";
import { byteRange } from "./byte_range.ts";

/** Types that a browser may show; what else a task writes is for saving. */
const SHOWN = /^(image\/svg\+xml|text\/html)\b/;

/**
 * A file that a task has made, streamed from its parts, or a range of it.
 *
 * @throws {ProblemError} 404 when the task has no such file (yet), 416 for a range behind its end
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
  const headers = fieldsOf(file, etag);
  if (!ifNoneMatch(request.headers.get("if-none-match"), etag)) {
    return new Response(null, { status: 304, headers });
  }
  const range = rangeOf(request, file, etag);
  if (range === "unsatisfiable") {
    throw new ProblemError(416, `The file has ${file.size} bytes`, {
      headers: { "content-range": `bytes */${file.size}` },
    });
  }
  const { start, end } = range ?? { start: 0, end: file.size };
  headers.set("content-length", `${end - start}`);
  if (range !== undefined) headers.set("content-range", `bytes ${start}-${end - 1}/${file.size}`);
  return new Response(readFile(kv, id, { file, start, end }), {
    status: range === undefined ? 200 : 206,
    headers,
  });
}

/** A range counts for `GET` only, and with `If-Range` for the very file it names (RFC 9110, section 13.1.5). */
function rangeOf({ method, headers }: Request, { size }: FileEntry, etag: string) {
  const condition = headers.get("if-range");
  if (method !== "GET" || (condition !== null && condition !== etag)) return undefined;
  return byteRange(headers.get("range"), size);
}

function fieldsOf({ name, type }: FileEntry, etag: string): Headers {
  return new Headers({
    etag,
    "content-type": type,
    "content-disposition": `${SHOWN.test(type) ? "inline" : "attachment"}; filename="${name}"`,
    "accept-ranges": "bytes",
    "cache-control": "private, no-cache",
    // What a task wrote must not act as a page of this site: no scripts, no requests, an origin of its own.
    "content-security-policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:",
    "x-content-type-options": "nosniff",
  });
}
