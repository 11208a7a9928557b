import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import type { ReadRange } from "@flotilla/runtime/kv_connect";
import type { NamedKey } from "./atomic_write.ts";
import { databaseId, type DatabaseOptions, openDatabase, setSynchronous } from "./database_file.ts";
import type { Entry } from "./datapath.ts";
import { keyId } from "./key_id.ts";
import type { Effect } from "./plan.ts";
import { prepareStatements } from "./statements.ts";
import { StorageFailure } from "./storage_failure.ts";
import { WriteAheadLog } from "./write_ahead_log.ts";

/** How many entries a table holds and how large they are. */
export interface TableSize {
  readonly rows: number;
  /** Of keys and values. */
  readonly bytes: number;
}

/** A row as eviction looks at it. */
export interface Candidate {
  readonly id: number;
  readonly key: Uint8Array;
}

/** What a row says besides its value. */
interface Stamp {
  readonly version: number;
  /** Bytes of the value. */
  readonly size: number;
  readonly expires: number;
}

/** How many versions are reserved at once, so that a commit need not write which one it used. */
const VERSIONS_RESERVED = 1_000_000;

/** The entries in SQLite, and the versions of commits. Every call is synchronous and short. */
export class Table implements Disposable {
  /** The database's UUID. */
  readonly id: string;
  readonly #database: DatabaseSync;
  /** Set where commits are flushed past SQLite, which would hold the event loop meanwhile, however long it takes. */
  readonly #log: WriteAheadLog | undefined;
  readonly #statements: ReturnType<typeof prepareStatements>;
  /** By key, what checks of the transaction under way have looked at: most keys that are checked are then written. */
  #stamps = new Map<string, Stamp | undefined>();
  #rows: number;
  #bytes: number;
  /** The version used last. */
  #version: number;
  /** No version above this one was used before the last commit, whatever happened since. */
  #ceiling: number;

  /**
   * @param now milliseconds since the epoch
   * @throws {DatabaseOpenError} when the file cannot be opened
   */
  constructor(options: DatabaseOptions, now: number) {
    this.#database = openDatabase(options);
    this.#statements = prepareStatements(this.#database);
    const { path, synchronous = "full" } = options;
    this.#log = synchronous === "full" && path !== ":memory:" ? WriteAheadLog.open(path) : undefined;
    if (this.#log !== undefined) setSynchronous(this.#database, "normal");
    this.id = databaseId(this.#database);
    const size = this.#database.prepare(
      "select count(*) as rows, coalesce(sum(length(key) + length(value)), 0) as bytes from entries",
    ).get();
    this.#rows = integer(size?.["rows"]);
    this.#bytes = integer(size?.["bytes"]);
    const ceiling = this.#database.prepare("select value from meta where name = 'ceiling'").get();
    this.#ceiling = ceiling === undefined ? 0 : integer(ceiling["value"]);
    // Microseconds of the clock as the least version: a file restored from a backup, or memory that was lost, then
    // does not give out versionstamps a second time that some client still holds.
    this.#version = Math.max(this.#ceiling, now * 1_000);
  }

  get size(): TableSize {
    return { rows: this.#rows, bytes: this.#bytes };
  }

  /** The version that the next applied write gets. */
  get nextVersion(): number {
    return this.#version + 1;
  }

  /** What is stored under the key and has not expired. */
  entry(key: Uint8Array, now: number): Entry | undefined {
    const row = this.#statements.get.get(key, now);
    return row === undefined ? undefined : entryOf(columnsOf(row), key);
  }

  /** The version that wrote the key, if it is there and has not expired. Called inside a transaction. */
  version({ key, id }: NamedKey, now: number): number | undefined {
    const stamp = this.#stampOf(key);
    this.#stamps.set(id, stamp);
    return stamp === undefined || stamp.expires <= now ? undefined : stamp.version;
  }

  /** The entries of a range that have not expired, in its order. */
  list(range: ReadRange, now: number): Entry[] {
    const { start, end, limit, reverse } = range;
    if (isPoint(start, end)) {
      const entry = this.entry(start, now);
      return entry === undefined ? [] : [entry];
    }
    const statement = reverse ? this.#statements.listReverse : this.#statements.list;
    return statement.all(start, end, now, limit).map((row) => {
      const columns = columnsOf(row);
      return entryOf(columns, blob(columns[4]));
    });
  }

  /** Resolves when all that was committed is on the disk; `undefined` when it is as durable as it gets already. May throw. */
  flush(): Promise<void> | undefined {
    return this.#log?.flush();
  }

  /**
   * Runs `work` in a transaction and returns when it is committed; {@linkcode Table.flush} may have to follow.
   *
   * @throws {StorageFailure} when it could not be committed: then nothing has changed
   */
  transaction<T>(work: () => T): T {
    const [rows, bytes, ceiling] = [this.#rows, this.#bytes, this.#ceiling];
    this.#stamps = new Map();
    try {
      // Left behind only by a roll-back that failed itself.
      if (this.#database.isTransaction) this.#database.exec("rollback");
      this.#database.exec("begin immediate");
      const result = work();
      if (this.#version > this.#ceiling) this.#reserveVersions();
      this.#statements.commit.run();
      return result;
    } catch (error) {
      [this.#rows, this.#bytes, this.#ceiling] = [rows, bytes, ceiling];
      // SQLite has rolled back by itself after some failures, such as a full disk.
      if (this.#database.isTransaction) this.#database.exec("rollback");
      throw new StorageFailure(error);
    }
  }

  /** Applies the effects of one write under a version of its own, inside a transaction. */
  apply(effects: readonly Effect[]): number {
    const version = ++this.#version;
    for (const effect of effects) {
      if (effect.type === "put") this.#put(effect, version);
      else this.#remove(effect);
    }
    return version;
  }

  /** Deletes up to `limit` entries that have expired, inside a transaction, and says how many. */
  removeExpired(now: number, limit: number): number {
    const rows = this.#statements.removeExpired.all(now, limit);
    this.#rows -= rows.length;
    for (const row of rows) this.#bytes -= integer(row["size"]);
    return rows.length;
  }

  /** When the next entry expires, or has expired without having been deleted. */
  nextExpiry(): number | undefined {
    const row = this.#statements.nextExpiry.get();
    return row === undefined ? undefined : integer(row["expires"]);
  }

  /** Up to `limit` rows in the order they were made in, after the row `after` and not beyond the row `last`. */
  candidates(range: { after: number; last: number; limit: number }): Candidate[] {
    return this.#statements.candidates.all(range.after, range.last, range.limit)
      .map((row) => ({ id: integer(row["rowid"]), key: blob(row["key"]) }));
  }

  /** The row that was made last, or 0. */
  newestRow(): number {
    return integer(this.#statements.newest.get()?.["newest"]);
  }

  /** Deletes an entry, inside a transaction. */
  evict({ key }: Candidate): void {
    this.#remove({ key, id: keyId(key) });
  }

  /** Closes the file, and with it lets the next process in. Nothing can be called after that. */
  [Symbol.dispose](): void {
    if (!this.#database.isOpen) return;
    this.#log?.[Symbol.dispose]();
    this.#database.close();
  }

  #put(effect: Effect & { type: "put" }, version: number): void {
    const { key, value, encoding, expires } = effect;
    const row = [key, value, encoding, version, expires] as const;
    // A key that was not checked is a new one, nearly always.
    if (this.#stamps.get(effect.id) === undefined && this.#statements.insert.run(...row).changes > 0) {
      this.#rows++;
      this.#bytes += key.length + value.length;
      this.#stamps.delete(effect.id);
      return;
    }
    const old = this.#takeSize(effect) ?? 0;
    this.#statements.update.run(...row);
    this.#bytes += key.length + value.length - old;
  }

  #remove(key: NamedKey): void {
    const old = this.#takeSize(key);
    if (old === undefined) return;
    this.#statements.remove.run(key.key);
    this.#rows--;
    this.#bytes -= old;
  }

  /** Bytes of key and value that are stored under a key, whose row is about to change. */
  #takeSize({ key, id }: NamedKey): number | undefined {
    const stamp = this.#stamps.has(id) ? this.#stamps.get(id) : this.#stampOf(key);
    this.#stamps.delete(id);
    return stamp === undefined ? undefined : key.length + stamp.size;
  }

  #stampOf(key: Uint8Array): Stamp | undefined {
    const row = this.#statements.stamp.get(key);
    if (row === undefined) return undefined;
    const [version, size, expires] = columnsOf(row);
    return {
      version: integer(version),
      size: integer(size),
      expires: expires === null ? Infinity : integer(expires),
    };
  }

  #reserveVersions(): void {
    this.#ceiling = this.#version + VERSIONS_RESERVED;
    this.#database.prepare("insert or replace into meta (name, value) values ('ceiling', ?)").run(
      this.#ceiling,
    );
  }
}

/** Whether a range holds one key at most, as every `get` of a client asks for: its end is its start and a zero byte. */
export function isPoint(start: Uint8Array, end: Uint8Array): boolean {
  if (end.length !== start.length + 1 || end[start.length] !== 0) return false;
  for (let index = 0; index < start.length; index++) {
    if (start[index] !== end[index]) return false;
  }
  return true;
}

type Columns = readonly (SQLOutputValue | undefined)[];

/** The columns of a row that was asked for as an array. */
function columnsOf(row: unknown): Columns {
  if (!Array.isArray(row)) throw new TypeError(`Cannot read a row: expected an array, got ${typeof row}`);
  return row;
}

function entryOf([value, encoding, version, expires]: Columns, key: Uint8Array): Entry {
  return {
    key,
    value: blob(value),
    encoding: integer(encoding),
    version: integer(version),
    expires: expires === null ? null : integer(expires),
  };
}

function integer(value: SQLOutputValue | undefined): number {
  if (typeof value !== "number") {
    throw new TypeError(`Cannot read a row: expected an integer, got ${typeof value}`);
  }
  return value;
}

function blob(value: SQLOutputValue | undefined): Uint8Array {
  if (!(value instanceof Uint8Array)) {
    throw new TypeError(`Cannot read a row: expected bytes, got ${typeof value}`);
  }
  return value;
}
