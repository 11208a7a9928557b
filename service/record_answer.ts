import { jsonAnswer } from "./data_environment.ts";
import { entityTag, recordText, type StoredRecord } from "./record.ts";
import type { WrittenRecord } from "./written_record.ts";

/** How a record is answered. */
export interface RecordAnswerOptions {
  /** Whether a cache had it. @default false */
  cached?: boolean;
  /** @default 200 */
  status?: number;
  /** Besides `ETag`. @default none */
  headers?: Record<string, string>;
}

/** One record as an answer. */
export function recordAnswer(
  record: Pick<WrittenRecord, "text" | "version">,
  options: RecordAnswerOptions = {},
): Response {
  const { cached = false, status = 200, headers = {} } = options;
  const text = `{"cached":${cached},"data":${record.text}}`;
  return jsonAnswer(text, { status, headers: { etag: entityTag(record), ...headers } });
}

/** A record that was just changed. */
export function changedAnswer(id: string, record: StoredRecord, options: RecordAnswerOptions = {}): Response {
  return recordAnswer({ text: recordText(id, record), version: record.version }, options);
}

/** A record that was just made, at its own address. */
export function createdAnswer(id: string, record: StoredRecord): Response {
  return changedAnswer(id, record, { status: 201, headers: { location: `/data/${id}` } });
}
