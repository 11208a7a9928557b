import { jsonAnswer } from "./data_environment.ts";
import { cachedAnswerText, entityTag, recordText, type StoredRecord } from "./record.ts";

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
export function recordAnswer(id: string, record: StoredRecord, options: RecordAnswerOptions = {}): Response {
  const { cached = false, status = 200, headers = {} } = options;
  const text = cached ? cachedAnswerText(id, record) : `{"cached":false,"data":${recordText(id, record)}}`;
  return jsonAnswer(text, { status, headers: { etag: entityTag(record), ...headers } });
}

/** A record that was just made, at its own address. */
export function createdAnswer(id: string, record: StoredRecord): Response {
  return recordAnswer(id, record, { status: 201, headers: { location: `/data/${id}` } });
}
