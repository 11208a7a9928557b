import type { Task } from "./task_state.ts";

/** What is kept of a task: the task, and who wrote it last. */
export interface TaskRecord {
  readonly task: Task;
  /** New with every write: tells whether a write whose answer was lost was ours. */
  readonly write: string;
}

/** What most tasks that wait have. It is left out of a record, and is there again when the record is read. */
const USUAL = { priority: 0, attempt: 0, failures: 0, losses: 0, progress: { fraction: 0 } } as const;

type Usual = keyof typeof USUAL | "updated";

/** A record as it stands in JSON. */
interface StoredRecord {
  readonly task: Omit<Task, Usual> & Partial<Pick<Task, Usual>>;
  readonly write: string;
}

/** Bytes of one piece of memory that records are written into, one behind the other: most take under a thousand. */
const SLAB = 65_536;

const encoder = new TextEncoder();
const decoder = new TextDecoder();
/** What is left of it. */
let slab = new Uint8Array(SLAB);

/**
 * A record as the store keeps it: JSON as bytes. Input and result are JSON anyway, and an engine that writes each task
 * three times spends less on it so than on a clone of the objects, in every process that the record passes.
 */
export function encodeRecord({ task, write }: TaskRecord): Uint8Array<ArrayBuffer> {
  const text = JSON.stringify({ task: withoutUsual(task), write });
  // A character takes three bytes at most.
  const most = 3 * text.length;
  if (most > SLAB / 8) return encoder.encode(text);
  if (most > slab.length) slab = new Uint8Array(SLAB);
  const { written } = encoder.encodeInto(text, slab);
  const bytes = slab.subarray(0, written);
  slab = slab.subarray(written);
  return bytes;
}

/** The reverse; `undefined` for what is no record. */
export function decodeRecord(value: unknown): TaskRecord | undefined {
  if (!(value instanceof Uint8Array)) return undefined;
  const { task, write }: StoredRecord = JSON.parse(decoder.decode(value));
  return { task: { ...USUAL, updated: task.created, ...task }, write };
}

/** What is undefined does not come into JSON. */
function withoutUsual(task: Task) {
  const { priority, created, updated, attempt, failures, losses, progress } = task;
  const idle = progress.fraction === 0 && progress.note === undefined;
  return {
    ...task,
    priority: priority || undefined,
    updated: updated === created ? undefined : updated,
    attempt: attempt || undefined,
    failures: failures || undefined,
    losses: losses || undefined,
    progress: idle ? undefined : progress,
  };
}
