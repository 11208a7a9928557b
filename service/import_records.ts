import { asProblem, ProblemError } from "@flotilla/runtime";
import { z } from "zod";
import {
  type DataContext,
  type DataEnvironment,
  type DataHandler,
  requireQuery,
} from "./data_environment.ts";
import { JSON_LINES } from "./export_records.ts";
import { ImportRun, type ImportTally } from "./import_run.ts";
import { readLines } from "./json_lines.ts";
import { requireMediaType } from "./request_body.ts";

const MAX_LINE_LENGTH = 262_144;
/** Lines between two reports of progress. */
const REPORT_LINES = 1_000;

const querySchema = z.strictObject({ existing: z.enum(["replace", "skip"]).default("replace") });

/**
 * `POST /data/import`: records, one a line, as `GET /data/export` gives them. A line that cannot be taken is counted and
 * named; the others are written. What stands already is replaced, or left with `?existing=skip`.
 *
 * With `Accept: application/jsonl` progress is told line by line while it goes on; otherwise the answer comes at the end.
 */
export function importRecords({ writer, now }: DataEnvironment): DataHandler {
  return async (context, principal) => {
    const { existing } = requireQuery(context, querySchema);
    requireMediaType(context.req.raw, [JSON_LINES, "application/x-ndjson"]);
    const run = new ImportRun(writer, principal, { skipExisting: existing === "skip", now });
    if (context.req.header("accept")?.includes(JSON_LINES)) return progressAnswer(context, run);
    await takeAll(context, run);
    return Response.json(run.tally);
  };
}

/** What was imported before a failure stays, so the problem tells how much that is. */
async function takeAll(context: DataContext, run: ImportRun): Promise<void> {
  try {
    await run.take(readLines(context.req.raw.body, MAX_LINE_LENGTH));
  } catch (error) {
    const { status, message, headers, extensions } = asProblem(error);
    throw new ProblemError(status, message, {
      headers,
      extensions: { ...extensions, imported: run.tally },
      cause: error,
    });
  }
}

function progressAnswer(context: DataContext, run: ImportRun): Response {
  const lines = ReadableStream.from(progress(context, run)).pipeThrough(new TextEncoderStream());
  return new Response(lines, { headers: { "content-type": JSON_LINES, "cache-control": "no-store" } });
}

async function* progress(context: DataContext, run: ImportRun): AsyncGenerator<string> {
  try {
    const lines = readLines(context.req.raw.body, MAX_LINE_LENGTH);
    for await (const tally of run.steps(lines, REPORT_LINES)) yield report(tally, "running");
    yield report(run.tally, "done");
  } catch (error) {
    const { status, title, message: detail } = asProblem(error);
    yield `${JSON.stringify({ state: "failed", ...run.tally, problem: { status, title, detail } })}\n`;
  }
}

function report(tally: ImportTally, state: "running" | "done"): string {
  return `${JSON.stringify({ state, ...tally })}\n`;
}
