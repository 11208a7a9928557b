import { jsonAnswer } from "./data_environment.ts";
import { entityTag, recordText, type StoredRecord } from "./record.ts";

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
  return jsonAnswer(`{"cached":${cached},"data":${recordText(id, record)}}`, {
    status,
    headers: { etag: entityTag(record), ...headers },
  });
}

/** A record that was just made, at its own address. */
export function createdAnswer(id: string, record: StoredRecord): Response {
  return recordAnswer(id, record, { status: 201, headers: { location: `/data/${id}` } });
}
