import type { Task } from "./task_state.ts";

/** What is kept of a task: the task, and who wrote it last. */
export interface TaskRecord {
  readonly task: Task;
  /** New with every write: tells whether a write whose answer was lost was ours. */
  readonly write: string;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * A record as the store keeps it: JSON as bytes. Input and result are JSON anyway, and an engine that writes each task
 * three times spends less on it so than on a clone of the objects, in every process that the record passes.
 */
export function encodeRecord(record: TaskRecord): Uint8Array<ArrayBuffer> {
  return encoder.encode(JSON.stringify(record));
}

/** The reverse; `undefined` for what is no record. */
export function decodeRecord(value: unknown): TaskRecord | undefined {
  if (!(value instanceof Uint8Array)) return undefined;
  const record: TaskRecord = JSON.parse(decoder.decode(value));
  return record;
}
