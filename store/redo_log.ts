import { type Flushable, Flusher } from "./flusher.ts";
import {
  type AppliedWrite,
  checksumOf,
  frameSize,
  HEADER_BYTES,
  type LoggedWrites,
  readFrames,
  readHeader,
  writeFrames,
  writeHeader,
} from "./redo_frame.ts";
import { StorageFailure } from "./storage_failure.ts";

/** What is needed of a log's file. */
export type LogFile =
  & Flushable
  & Pick<Deno.FsFile, "readSync" | "writeSync" | "seekSync" | "truncateSync" | "close">;

/** The database that a log belongs to. */
export interface LoggedDatabase {
  /** Its UUID. */
  readonly id: string;
  /** The version of the last write that it has. */
  readonly version: number;
}

/** A log does not fit the database that it lies beside. */
export class RedoLogError extends Error {
  override readonly name = "RedoLogError";
}

/** How a log is kept. */
export interface RedoLogOptions {
  /**
   * Octets that the file has from the beginning: what is written where there was something before is flushed in two thirds of the
   * time, since the file system has nothing to note. When little of it is left, the database is brought to the disk as a whole, and
   * the log begins anew. @default 16 MiB
   */
  capacity?: number;
}

/** How {@linkcode RedoLog.open} opens. */
export interface OpenOptions extends RedoLogOptions {
  /** Whether to make it when it is not there. @default true */
  create?: boolean;
}

/** Zeros that a file is made larger with, and octets by which it grows at least. */
const ZEROS = new Uint8Array(1_024 * 1_024);
/** What of a log's capacity, or of what the disk had room for, is left when it counts as full. */
const RESERVE = 1 / 16;

/**
 * The writes that a database has taken since it was last brought to the disk as a whole, each as one frame of a file
 * (`redo_frame.ts`). To append a frame and flush it is all that a write waits for; the database itself is written now and then, and
 * after a crash it is made what it was by doing again what is in the log (ARIES, Mohan et al., 1992, without its undo).
 */
export class RedoLog implements Disposable {
  readonly #path: string;
  readonly #file: LogFile;
  readonly #flusher: Flusher;
  readonly #id: string;
  readonly #capacity: number;
  /** Frames that are not in the file yet, and how much of this they take. */
  #buffer = new Uint8Array(64 * 1_024);
  #buffered = 0;
  /** Of the last frame that was added, or the header. */
  #checksum: number;
  /** Where the next frame goes in the file. */
  #end: number;
  /** Octets that the file has. */
  #room: number;
  #closed = false;
  /** Whether there was no log of this database. */
  readonly isNew: boolean;
  /** Of the last write that was in the log when it was opened; 0 when it was new. */
  readonly version: number;

  /**
   * @throws {RedoLogError} when it is the log of a later state of the database
   */
  constructor(path: string, file: LogFile, database: LoggedDatabase, options: RedoLogOptions = {}) {
    [this.#path, this.#file, this.#id] = [path, file, database.id];
    this.#capacity = options.capacity ?? 16 * 1_024 * 1_024;
    this.#flusher = new Flusher(file);
    this.#room = file.seekSync(0, Deno.SeekMode.End);
    const { last, end, checksum } = this.#recover(database);
    [this.version, this.#end, this.#checksum, this.isNew] = [last, end, checksum, end === 0];
    // What is in the log stays there until the database was brought to the disk, whether it has it already or not.
    if (this.isNew) this.restart(database.version);
    // What a process before this one has written and not flushed is about to be read.
    else file.syncDataSync();
    try {
      this.#reserve(this.#capacity);
    } catch {
      // A write will tell that there is no room, if it needs any.
    }
  }

  /**
   * Opens the log of a database, which is locked; `undefined` when it is not there and not to be made.
   *
   * @throws {RedoLogError} when it cannot be opened, or is the log of a later state of the database
   */
  static open(database: string, state: LoggedDatabase, options: OpenOptions = {}): RedoLog | undefined {
    const path = `${database}-redo`;
    const { create = true } = options;
    let file: Deno.FsFile | undefined;
    try {
      file = Deno.openSync(path, { read: true, write: true, create, mode: 0o600 });
      return new RedoLog(path, file, state, options);
    } catch (error) {
      file?.close();
      if (!create && error instanceof Deno.errors.NotFound) return undefined;
      if (error instanceof RedoLogError) throw error;
      const { message } = new StorageFailure(error);
      throw new RedoLogError(`its redo log cannot be opened: ${message}`, { cause: error });
    }
  }

  /** Octets of the log, with those that are yet to be written. */
  get size(): number {
    return this.#end + this.#buffered;
  }

  /** Whether it is time to bring the database to the disk and to begin anew. */
  get isFull(): boolean {
    return this.size > Math.min(this.#capacity, this.#room) * (1 - RESERVE);
  }

  /**
   * Appends writes, to be flushed.
   *
   * @throws {Error} when the disk has no room for them; then none was appended
   */
  add(writes: readonly AppliedWrite[]): void {
    const size = writes.reduce((sum, write) => sum + frameSize(write), 0);
    this.#reserve(this.size + size);
    this.#makeRoom(size);
    this.#checksum = writeFrames(this.#buffer, this.#buffered, writes, this.#checksum);
    this.#buffered += size;
  }

  /**
   * Resolves when everything that was added is on the disk; `undefined` when it is there already. When it fails, at once or later,
   * nobody can tell how much is there.
   */
  flush(): Promise<void> | undefined {
    this.write();
    return this.#flusher.flush();
  }

  /**
   * Hands what was added to the operating system. The database must not have a write before its log has it: after a kill, the next
   * process would build on what a power cut takes back.
   */
  write(): void {
    this.#end += this.#writeAt(this.#end, this.#buffer.subarray(0, this.#buffered));
    this.#buffered = 0;
  }

  /** Begins anew: everything up to a version is on the disk in the database itself. */
  restart(base: number): void {
    this.#end = 0;
    writeHeader(this.#buffer, { id: this.#id, base });
    this.#buffered = HEADER_BYTES;
    this.#checksum = checksumOf(this.#buffer);
  }

  /** The writes of the log after a version, of which those that were not flushed are part. */
  after(version: number): readonly AppliedWrite[] {
    const bytes = new Uint8Array(this.size);
    this.#readInto(bytes.subarray(0, this.#end));
    bytes.set(this.#buffer.subarray(0, this.#buffered), this.#end);
    return readFrames(bytes, version).writes;
  }

  /** Closes and removes the file: everything is on the disk in the database itself. */
  remove(): void {
    this[Symbol.dispose]();
    Deno.removeSync(this.#path);
  }

  [Symbol.dispose](): void {
    if (!this.#closed) this.#file.close();
    this.#closed = true;
  }

  /** Where the log in the file ends, if it is the log of this database. */
  #recover({ id, version }: LoggedDatabase): LoggedWrites {
    const bytes = new Uint8Array(this.#room);
    this.#readInto(bytes);
    const header = readHeader(bytes);
    if (header?.id !== id) return { writes: [], last: 0, end: 0, checksum: 0 };
    if (header.base > version) {
      throw new RedoLogError(
        `its redo log begins at version ${header.base}, and the database ends at ${version}: it was replaced by an older one`,
      );
    }
    return readFrames(bytes, Infinity);
  }

  #readInto(bytes: Uint8Array): void {
    this.#file.seekSync(0, Deno.SeekMode.Start);
    for (let read = 0; read < bytes.length;) {
      const count = this.#file.readSync(bytes.subarray(read));
      if (count === null) throw new RedoLogError("its redo log is shorter than it was");
      read += count;
    }
  }

  #makeRoom(size: number): void {
    const wanted = this.#buffered + size;
    if (wanted <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.max(wanted, 2 * this.#buffer.length));
    larger.set(this.#buffer.subarray(0, this.#buffered));
    this.#buffer = larger;
  }

  /** Makes the file as large as this at least, with zeros. */
  #reserve(size: number): void {
    if (size <= this.#room) return;
    const before = this.#room;
    try {
      while (this.#room < size) this.#room += this.#writeAt(this.#room, ZEROS);
    } catch (error) {
      this.#file.truncateSync(before);
      this.#room = before;
      throw error;
    }
  }

  #writeAt(start: number, bytes: Uint8Array): number {
    this.#file.seekSync(start, Deno.SeekMode.Start);
    for (let written = 0; written < bytes.length;) written += this.#file.writeSync(bytes.subarray(written));
    return bytes.length;
  }
}
