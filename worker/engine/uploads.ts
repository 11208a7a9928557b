import { generate } from "@std/uuid/v7";
import type { FileEntry } from "./file_entry.ts";
import { keys, type TaskRef } from "./keys.ts";
import { FileWriter, readFile } from "./parts.ts";

/** How long an uploaded file is kept; milliseconds. */
export const UPLOAD_LIFE = 86_400_000;

/** A file that a user has sent for their tasks to read. */
export interface Upload {
  readonly id: string;
  readonly file: FileEntry;
  /** Milliseconds since the epoch. */
  readonly expires: number;
}

/** An uploaded file as a task reads it. */
export interface UploadedFile {
  readonly type: string;
  /** Bytes. */
  readonly size: number;
  /** Its content from the beginning; each call reads it anew. */
  open(): ReadableStream<Uint8Array<ArrayBuffer>>;
}

/**
 * Keeps a file for its owner's tasks.
 *
 * @throws {FileTooLargeError} when it is longer than `limit` bytes
 */
export async function keepUpload(
  kv: Deno.Kv,
  content: ReadableStream<Uint8Array>,
  options: { owner: string; type: string; limit: number; now: number },
): Promise<Upload> {
  const { owner, type, limit, now } = options;
  const id = generate(now);
  const token = crypto.randomUUID();
  const writer = new FileWriter(kv, { id, token, name: "upload", type, retention: UPLOAD_LIFE, limit });
  for await (const chunk of content) await writer.write(chunk);
  const upload: Upload = { id, file: await writer.close(), expires: now + UPLOAD_LIFE };
  await kv.set(keys.upload({ owner, id }), upload, { expireIn: UPLOAD_LIFE });
  return upload;
}

/** The uploaded file, or `undefined` when its owner has none of that id, or no longer. */
export async function findUpload(kv: Deno.Kv, ref: TaskRef, now: number): Promise<UploadedFile | undefined> {
  const { value } = await kv.get<Upload>(keys.upload(ref));
  if (value === null || value.expires <= now) return undefined;
  const { file } = value;
  return { type: file.type, size: file.size, open: () => readFile(kv, ref.id, { file }) };
}
