import type { Principal } from "@flotilla/auth/verify";
import type { UploadedFile } from "./uploads.ts";

/** Calls the data service on behalf of the task's owner. */
export interface ServiceCaller {
  /** @param path with its query, for example `/data?limit=100` */
  (path: string, init?: RequestInit): Promise<Response>;
}

/** A file that a run writes. It is there for its owner once the task has succeeded. */
export interface ArtifactWriter {
  /** Adds to the end of it. */
  write(chunk: Uint8Array | string): Promise<void>;
}

/** What a run is given. */
export interface TaskContext<T> {
  readonly id: string;
  /** 1 for the first run. */
  readonly attempt: number;
  readonly input: T;
  /** Who sent the task. */
  readonly owner: Principal;
  /** Aborted when the task is cancelled, takes too long, was lost to another worker, or is handed back. */
  readonly signal: AbortSignal;
  readonly service: ServiceCaller;
  /**
   * A file that the owner has uploaded.
   *
   * @throws {PermanentError} when there is none of that id, or no longer
   */
  upload(id: string): Promise<UploadedFile>;
  /** Tells how far it is. @param fraction from 0 to 1 */
  progress(fraction: number, note?: string): void;
  /** Adds a line to the task's log. */
  log(line: string): void;
  /**
   * Starts a file.
   *
   * @param name letters, digits, `.`, `-` and `_`
   * @param type media type, for example `text/csv; charset=utf-8`
   */
  artifact(name: string, type: string): ArtifactWriter;
}
