import type { Principal } from "@flotilla/auth/verify";
import { z } from "zod";
import { maySee } from "./access.ts";
import { type DataEnvironment, type DataHandler, requireQuery } from "./data_environment.ts";
import { alive, recordText } from "./record.ts";
import type { RecordDatabase } from "./record_database.ts";
import { type IdRange, requireRange } from "./record_id.ts";

/** The media type of JSON Lines. */
export const JSON_LINES = "application/jsonl";

/** Characters that are sent at once. */
const CHUNK_LENGTH = 65_536;

const querySchema = z.strictObject({ prefix: z.string().default("") });

/**
 * `GET /data/export`: every record that the caller may see, one a line, as fast as the reader takes them. Each line was
 * so at some moment of the export; the whole is not of one moment.
 */
export function exportRecords({ database, now }: DataEnvironment): DataHandler {
  return (context, principal) => {
    const { prefix } = requireQuery(context, querySchema);
    const lines = visibleLines(database, principal, { range: requireRange(prefix, undefined), now });
    return new Response(ReadableStream.from(chunked(lines)).pipeThrough(new TextEncoderStream()), {
      headers: {
        "content-type": JSON_LINES,
        "content-disposition": 'attachment; filename="data.jsonl"',
        "cache-control": "no-store",
      },
    });
  };
}

async function* visibleLines(
  database: RecordDatabase,
  principal: Principal,
  { range, now }: { range: IdRange; now: () => number },
): AsyncGenerator<string> {
  for await (const { id, record } of database.list(range, { batchSize: 100 })) {
    if (maySee(principal, record) && alive(record, now()) !== undefined) yield `${recordText(id, record)}\n`;
  }
}

async function* chunked(lines: AsyncIterable<string>): AsyncGenerator<string> {
  let chunk = "";
  for await (const line of lines) {
    chunk += line;
    if (chunk.length < CHUNK_LENGTH) continue;
    yield chunk;
    chunk = "";
  }
  if (chunk !== "") yield chunk;
}
