import { DatabaseSync } from "node:sqlite";
import { type LoggedDatabase, RedoLog, type RedoLogOptions } from "./redo_log.ts";
import { StorageFailure } from "./storage_failure.ts";

/**
 * How far a commit goes before it is acknowledged.
 *
 * - `full`: it is on the disk; a power cut loses nothing that was acknowledged or read
 * - `normal`: it is with the operating system; a killed process loses nothing, a power cut may lose the last commits
 * - `off`: as `normal`, and a power cut may damage the file
 */
export type Synchronous = "full" | "normal" | "off";

/** How {@linkcode openDatabase} opens. */
export interface DatabaseOptions {
  /** A file, made when it is not there (its folder must be), or `:memory:`. */
  path: string;
  /** @default "full" */
  synchronous?: Synchronous;
  /**
   * Bytes that the file may grow to; then writes that need more are answered 507. What is done again after a crash may take more, for
   * a while. @default none
   */
  quota?: number;
  /** How the redo log is kept that makes commits durable. */
  redo?: RedoOptions;
}

/** When what is in the redo log is written to the database itself. */
export interface RedoOptions extends RedoLogOptions {
  /** Octets of the log after which SQLite commits; it writes whole pages, and many writes change the same ones. @default 1 MiB */
  commitEvery?: number;
}

/** The database cannot be opened. */
export class DatabaseOpenError extends Error {
  override readonly name = "DatabaseOpenError";
}

/** In the file's header, so that the file of another program is not taken for ours: "FLKV". */
const APPLICATION_ID = 0x46_4c_4b_56;
/** Layout of the tables. */
const LAYOUT = 1;
/** Measured against 4 KiB and against `without rowid`: values of 100 B to 10 kB read and written fastest so. */
const PAGE_BYTES = 8_192;
/** What SQLite can address, https://www.sqlite.org/limits.html */
const MAX_PAGES = 4_294_967_294;
/** Memory for pages of the file. */
const PAGE_CACHE_KIB = 64 * 1_024;
/** The write-ahead log is cut back to this when it has grown under load. */
const LOG_BYTES = 64 * 1_024 * 1_024;
/**
 * Pages in the log after which SQLite copies them to where they belong, in the commit that is then under way: 32 MiB. Of 1,000, which
 * are its default, most are the same few pages again and again, and each time the disk is flushed twice.
 */
const CHECKPOINT_PAGES = 4_000;
/** Milliseconds that a process before this one has to let go of the file. */
const LOCK_PATIENCE = 1_000;

/** The identity of every database in memory: it comes back empty when its process does, and is the same to clients. */
const MEMORY_ID = "00000000-0000-0000-0000-000000000000";

const TABLES = `
  create table entries (
    key blob not null primary key,
    value blob not null,
    encoding integer not null,
    version integer not null,
    expires integer
  ) strict;
  create index entries_by_expiry on entries (expires) where expires is not null;
  create table meta (name text not null primary key, value any not null) strict, without rowid;
  pragma application_id = ${APPLICATION_ID};
  pragma user_version = ${LAYOUT};
`;

/** Makes a new file readable by its owner only; SQLite gives its log beside it the same mode. */
function keepPrivate(path: string): void {
  try {
    Deno.openSync(path, { write: true, createNew: true, mode: 0o600 }).close();
  } catch {
    // It is there already, or cannot be made: then SQLite says why.
  }
}

/**
 * Opens a database of entries for this process alone: a second process that opens the same file is refused, for it would
 * see neither the other's versions nor its watchers.
 *
 * @throws {DatabaseOpenError} when the file is in use, is no database of ours, or cannot be opened
 * @throws {RangeError} when the quota holds no database
 */
export function openDatabase(options: DatabaseOptions): DatabaseSync {
  const { path, synchronous = "full", quota } = options;
  if (quota !== undefined && !(quota >= 16 * PAGE_BYTES)) {
    throw new RangeError(`Cannot open the database: quota must be at least ${16 * PAGE_BYTES}, got ${quota}`);
  }
  let database: DatabaseSync | undefined;
  try {
    if (path !== ":memory:") keepPrivate(path);
    database = new DatabaseSync(path, { timeout: LOCK_PATIENCE });
    configure(database, synchronous, quota);
    prepareTables(database, path);
    return database;
  } catch (error) {
    database?.close();
    throw error instanceof DatabaseOpenError ? error : openFailure(path, error);
  }
}

/** What says why a database cannot be opened. */
export function openFailure(path: string, cause: unknown): DatabaseOpenError {
  const { kind, message } = new StorageFailure(cause);
  const reason = kind === "busy" ? "another process has it open" : message;
  return new DatabaseOpenError(`Cannot open the database ${path}: ${reason}`, { cause });
}

function configure(database: DatabaseSync, synchronous: Synchronous, quota: number | undefined): void {
  // Before the log is first used: then the lock is held until the file is closed, and no shared memory is needed.
  database.exec("pragma locking_mode = exclusive");
  database.exec(`pragma page_size = ${PAGE_BYTES}`);
  database.exec("pragma journal_mode = wal");
  database.exec(`pragma synchronous = ${synchronous}`);
  database.exec(`pragma cache_size = -${PAGE_CACHE_KIB}`);
  database.exec(`pragma journal_size_limit = ${LOG_BYTES}`);
  database.exec(`pragma wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  database.exec("pragma temp_store = memory");
  setQuota(database, quota);
}

/** Bounds what the file may grow to; a file that is larger stays as it is. */
export function setQuota(database: DatabaseSync, quota = Infinity): void {
  database.exec(`pragma max_page_count = ${Math.min(Math.floor(quota / PAGE_BYTES), MAX_PAGES)}`);
}

/**
 * Opens the redo log of a database where commits are to be on the disk, or where a process before this one has left one. SQLite
 * need not flush its own commits then.
 *
 * @throws {DatabaseOpenError} when it cannot be opened, or is the log of a later state of the database; the database is closed then
 */
export function openRedoLog(
  database: DatabaseSync,
  { path, synchronous = "full", redo = {} }: DatabaseOptions,
  state: LoggedDatabase,
): RedoLog | undefined {
  if (path === ":memory:") return undefined;
  try {
    const log = RedoLog.open(path, state, { ...redo, create: synchronous === "full" });
    if (log !== undefined) database.exec("pragma synchronous = normal");
    return log;
  } catch (error) {
    database.close();
    throw openFailure(path, error);
  }
}

/** Takes the lock and makes the tables of a new file. */
function prepareTables(database: DatabaseSync, path: string): void {
  database.exec("begin immediate");
  try {
    const id = readPragma(database, "application_id");
    const layout = readPragma(database, "user_version");
    if (id === 0 && isEmpty(database)) createTables(database, path);
    else if (id !== APPLICATION_ID) {
      throw new DatabaseOpenError(`Cannot open the database ${path}: the file is of another program`);
    } else if (layout !== LAYOUT) {
      throw new DatabaseOpenError(
        `Cannot open the database ${path}: its layout is ${layout}, this version of Flotilla reads ${LAYOUT}`,
      );
    }
    database.exec("commit");
  } catch (error) {
    if (database.isTransaction) database.exec("rollback");
    throw error;
  }
}

function createTables(database: DatabaseSync, path: string): void {
  database.exec(TABLES);
  const id = path === ":memory:" ? MEMORY_ID : crypto.randomUUID();
  database.prepare("insert into meta (name, value) values ('id', ?)").run(id);
}

function isEmpty(database: DatabaseSync): boolean {
  return database.prepare("select 1 from sqlite_schema limit 1").get() === undefined;
}

/** The UUID that the database was made with. */
export function databaseId(database: DatabaseSync): string {
  const id = database.prepare("select value from meta where name = 'id'").get()?.["value"];
  if (typeof id !== "string") throw new TypeError(`Cannot read the database's identity: got ${typeof id}`);
  return id;
}

function readPragma(database: DatabaseSync, name: "application_id" | "user_version"): number {
  const value = database.prepare(`pragma ${name}`).get()?.[name];
  if (typeof value !== "number") throw new TypeError(`Cannot read pragma ${name}: got ${typeof value}`);
  return value;
}
